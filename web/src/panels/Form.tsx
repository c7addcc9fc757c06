import "./panels.css";

import { ArrowDown, ArrowUp, X } from "lucide-react";

import { isLink, sheetAt, type Exposed } from "../graph/document";
import { locate } from "../graph/flat";
import { specOf } from "../graph/specs";
import { titleOf } from "../graph/titles";
import { useServer } from "../state/server";
import { currentDocument, edit, useTabs } from "../state/tabs";
import { Field } from "../widgets/Field";

const NONE: readonly Exposed[] = [];

/** The chosen fields of the graph, as a form: all that somebody needs who only wants to use it. */
export function Form() {
  const exposed = useTabs((tabs) => currentDocument(tabs).exposed ?? NONE);
  if (exposed.length === 0) {
    return (
      <p className="panel-empty">
        Fields that you put here make a form of the graph: choose a node, and in the inspector press the list
        sign beside a field.
      </p>
    );
  }
  return (
    <ul className="form">
      {exposed.map((one, at) => (
        <Row key={`${one.node}.${one.input}`} exposed={one} at={at} last={at === exposed.length - 1} />
      ))}
    </ul>
  );
}

interface RowProps {
  readonly exposed: Exposed;
  readonly at: number;
  readonly last: boolean;
}

function Row({ exposed, at, last }: RowProps) {
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  const problems = useServer((server) => server.problems);
  const found = locate(document, exposed.node);
  const node = found && sheetAt(document, found.sheet)?.nodes[found.id];
  const input =
    node && specOf(document, specs, node.class_type)?.inputs.find((one) => one.name === exposed.input);
  const value = node?.inputs[exposed.input];
  const label =
    exposed.label ?? (node ? `${titleOf(document, specs, node)}: ${exposed.input}` : exposed.node);
  return (
    <li className="form-line">
      {found?.sheet === null && input?.widget && !isLink(value) ? (
        <Field
          node={found.id}
          spec={{ ...input, label }}
          value={value}
          flat={exposed.node}
          problem={problems.find((one) => one.node === exposed.node && one.input === exposed.input)}
        />
      ) : (
        <p className="panel-hint">{label} cannot be filled in here: it is linked, or gone.</p>
      )}
      <span className="form-order">
        <button
          type="button"
          className="row-side"
          aria-label={`Move ${label} up`}
          disabled={at === 0}
          onClick={() => {
            move(at, at - 1);
          }}
        >
          <ArrowUp size={12} aria-hidden />
        </button>
        <button
          type="button"
          className="row-side"
          aria-label={`Move ${label} down`}
          disabled={last}
          onClick={() => {
            move(at, at + 1);
          }}
        >
          <ArrowDown size={12} aria-hidden />
        </button>
        <button
          type="button"
          className="row-side"
          aria-label={`Take ${label} out of the form`}
          onClick={() => {
            edit("Take a field out of the form", (before) => ({
              ...before,
              exposed: (before.exposed ?? NONE).filter((_, other) => other !== at),
            }));
          }}
        >
          <X size={12} aria-hidden />
        </button>
      </span>
    </li>
  );
}

function move(from: number, to: number): void {
  edit("Move a field of the form", (document) => {
    const order = [...(document.exposed ?? NONE)];
    const [taken] = order.splice(from, 1);
    if (taken) order.splice(to, 0, taken);
    return { ...document, exposed: order };
  });
}
