import { useMemo } from "react";

import { putNode, setInput } from "../graph/edit";
import { sheetAt, withSheet, type Document, type SheetId } from "../graph/document";
import { missing, type MissingFile, type MissingKind } from "../graph/missing";
import { useServer } from "../state/server";
import { currentDocument, edit, useTabs } from "../state/tabs";
import { goToSheet } from "./going";
import { closeDialog, Modal } from "./Modal";

/** What the graph needs and this machine does not have, with what could take its place. */
export function Missing() {
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  const files = useServer((server) => server.files);
  const { kinds, files: absent } = useMemo(() => missing(document, specs, files), [document, specs, files]);
  return (
    <Modal title="Missing nodes and files">
      {kinds.length === 0 && absent.length === 0 && (
        <p>Nothing is missing: every node and every file is here.</p>
      )}
      {kinds.length > 0 && (
        <section>
          <h3>Nodes</h3>
          <p className="panel-hint">
            Install the pack that brings them into custom_nodes/, or choose another node.
          </p>
          {kinds.map((one) => (
            <Kind key={one.kind} missing={one} />
          ))}
        </section>
      )}
      {absent.length > 0 && (
        <section>
          <h3>Files</h3>
          <p className="panel-hint">Put them into the folder named beside each, or choose another file.</p>
          {absent.map((one) => (
            <File key={`${one.folder}/${one.name}`} missing={one} choices={files[one.folder] ?? []} />
          ))}
        </section>
      )}
    </Modal>
  );
}

function Kind({ missing: { kind, nodes, nearest } }: { readonly missing: MissingKind }) {
  const [first] = nodes;
  return (
    <div className="missing-row">
      <span>
        <code>{kind}</code> <small>{nodes.length === 1 ? "once" : `${String(nodes.length)} times`}</small>
      </span>
      <span className="missing-side">
        {nearest.map((other) => (
          <button
            key={other}
            type="button"
            className="button"
            onClick={() => {
              edit(`Replace ${kind} by ${other}`, (document) =>
                nodes.reduce((now, { sheet, id }) => withKind(now, sheet, id, other), document),
              );
            }}
          >
            {other}
          </button>
        ))}
        {first && (
          <button
            type="button"
            className="button"
            onClick={() => {
              closeDialog();
              goToSheet(first.sheet, first.id);
            }}
          >
            Show
          </button>
        )}
      </span>
    </div>
  );
}

interface FileProps {
  readonly missing: MissingFile;
  readonly choices: readonly string[];
}

function File({ missing: { folder, name, inputs, nearest }, choices }: FileProps) {
  return (
    <div className="missing-row">
      <span>
        <code>{name}</code> <small>in {folder}</small>
      </span>
      <select
        className="field-input"
        aria-label={`Instead of ${name}`}
        value=""
        onChange={(event) => {
          const other = event.target.value;
          edit(`Replace ${name} by ${other}`, (document) =>
            inputs.reduce((now, { sheet, id, input }) => withFile(now, sheet, id, input, other), document),
          );
        }}
      >
        <option value="">{choices.length === 0 ? `${folder} is empty` : "Another file"}</option>
        {[...new Set([...nearest, ...choices])].map((other) => (
          <option key={other}>{other}</option>
        ))}
      </select>
    </div>
  );
}

function withKind(document: Document, on: SheetId, id: string, kind: string): Document {
  const sheet = sheetAt(document, on);
  const node = sheet?.nodes[id];
  return sheet && node
    ? withSheet(document, on, putNode(sheet, id, { ...node, class_type: kind }))
    : document;
}

function withFile(document: Document, on: SheetId, id: string, input: string, name: string): Document {
  const sheet = sheetAt(document, on);
  return sheet ? withSheet(document, on, setInput(sheet, id, input, name)) : document;
}
