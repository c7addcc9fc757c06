import { Combobox, ComboboxItem, ComboboxList, ComboboxProvider, Dialog } from "@ariakit/react";
import { useMemo, useState } from "react";

import { find, type Hit } from "../graph/find";
import { useServer } from "../state/server";
import { currentDocument, useTabs } from "../state/tabs";
import { goToSheet } from "./going";
import { closeDialog } from "./Modal";

const MOST = 100; // hits that are shown; who has more types another word

/** Nodes, values, notes and groups of the graph, found by a few words. */
export function Find() {
  const [typed, setTyped] = useState("");
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  const hits = useMemo(() => find(document, specs, typed), [document, specs, typed]);

  function take(hit: Hit) {
    closeDialog();
    goToSheet(hit.sheet, hit.id);
  }

  return (
    <Dialog
      open
      onClose={closeDialog}
      className="palette"
      aria-label="Find in the graph"
      backdrop={<div className="modal-backdrop" />}
    >
      <ComboboxProvider setInputValue={setTyped} open>
        <Combobox
          autoSelect="always"
          className="palette-input"
          placeholder="A title, a kind, a value, a note"
        />
        <ComboboxList className="palette-list" alwaysVisible>
          {hits.slice(0, MOST).map((hit) => (
            <ComboboxItem
              key={`${hit.sheet ?? ""}/${hit.kind}/${hit.id}`}
              className="menu-item"
              onClick={() => {
                take(hit);
              }}
            >
              <span>
                {hit.title} <small>{whereOf(hit)}</small>
              </span>
              <small>{hit.sheet === null ? "" : (document.subgraphs?.[hit.sheet]?.title ?? "")}</small>
            </ComboboxItem>
          ))}
          {typed.trim() !== "" && hits.length === 0 && <p className="panel-wait">Nothing has these words.</p>}
        </ComboboxList>
      </ComboboxProvider>
    </Dialog>
  );
}

function whereOf({ kind, where, text }: Hit): string {
  switch (where.what) {
    case "value":
      return `${where.input}: ${text.slice(0, 80)}`;
    case "kind":
    case "id":
      return text;
    case "title":
      return kind === "node" ? "" : kind;
    case "text":
      return kind;
  }
}
