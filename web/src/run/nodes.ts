/** Nodes of the shown document by their flat ids. */

import { sheetAt, type Document, type GraphNode } from "../graph/document";
import { locate } from "../graph/flat";
import { titleOf } from "../graph/titles";
import { useServer } from "../state/server";
import { currentDocument, useTabs } from "../state/tabs";

/** The node of a flat id; undefined if it is not there any more. */
export function nodeWith(document: Document, flat: string): GraphNode | undefined {
  const found = locate(document, flat);
  return found ? sheetAt(document, found.sheet)?.nodes[found.id] : undefined;
}

/** What the node of a flat id is called; the id itself if it is not there any more. */
export function useTitle(flat: string): string {
  const specs = useServer((server) => server.specs);
  return useTabs((tabs) => {
    const document = currentDocument(tabs);
    const node = nodeWith(document, flat);
    return node ? titleOf(document, specs, node) : flat;
  });
}
