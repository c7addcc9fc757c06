import "./panels.css";

import { useMemo } from "react";

import { outline } from "../graph/outline";
import { goToSheet } from "../shell/going";
import { useServer } from "../state/server";
import { activeTab, currentDocument, sheetIdOf, useTabs } from "../state/tabs";

/** The graph in words, in the order of flow: for the ear, and for whoever wants to go from node to node by keys. */
export function Outline() {
  const document = useTabs(currentDocument);
  const sheet = useTabs((tabs) => sheetIdOf(activeTab(tabs)));
  const selection = useTabs((tabs) => activeTab(tabs).selection);
  const specs = useServer((server) => server.specs);
  const rows = useMemo(() => outline(document, specs, sheet), [document, specs, sheet]);
  if (rows.length === 0) return <p className="panel-empty">The graph is empty.</p>;
  return (
    <ol className="rows" aria-label="Nodes in the order of flow">
      {rows.map((row) => (
        <li key={row.id} className="row" aria-current={selection.has(row.id) ? "true" : undefined}>
          <button
            type="button"
            className="row-main"
            title={row.text}
            onClick={() => {
              goToSheet(sheet, row.id);
            }}
          >
            {row.title}
            {row.reads.length > 0 && (
              <small>from {[...new Set(row.reads.map((read) => read.title))].join(", ")}</small>
            )}
            {row.readers.length > 0 && (
              <small>to {[...new Set(row.readers.map((reader) => reader.title))].join(", ")}</small>
            )}
          </button>
        </li>
      ))}
    </ol>
  );
}
