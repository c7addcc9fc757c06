/** Flat ids: the names that nodes have in the graph that runs, and where in the document those nodes are. */

import { flatId, nodeAt, sheetAt, subgraphOf, type Document, type GraphNode, type SheetId } from "./document";

/** A node of a document: the instances around it, outermost first, the sheet it is on, and its id there. */
export interface Place {
  readonly path: readonly string[];
  readonly sheet: SheetId;
  readonly id: string;
}

/** All nodes by their flat ids, instances before what is in them. A subgraph that holds itself is not entered again. */
export function flatIds(document: Document): ReadonlyMap<string, Place> {
  const found = new Map<string, Place>();
  enter([], null, new Set());
  return found;

  function enter(path: readonly string[], sheet: SheetId, around: ReadonlySet<string>) {
    for (const [id, node] of Object.entries(sheetAt(document, sheet)?.nodes ?? {})) {
      found.set(flatId(path, id), { path, sheet, id });
      const inner = subgraphOf(node.class_type);
      if (inner !== null && !around.has(inner)) enter([...path, id], inner, new Set([...around, inner]));
    }
  }
}

/** Where the node with that flat id is; null if it is not there. */
export function locate(document: Document, flat: string): Place | null {
  const path = flat.split(":");
  const id = path.pop() ?? "";
  let sheet: SheetId = null;
  for (const instance of path) {
    const inner: string | null = subgraphOf(nodeOn(document, sheet, instance)?.class_type ?? "");
    if (inner === null) return null;
    sheet = inner;
  }
  return nodeOn(document, sheet, id) ? { path, sheet, id } : null;
}

function nodeOn(document: Document, sheet: SheetId, id: string): GraphNode | undefined {
  const on = sheetAt(document, sheet);
  return on && nodeAt(on, id);
}
