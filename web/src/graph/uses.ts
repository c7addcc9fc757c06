/** Where a document's subgraphs are used. */

import { sheetAt, subgraphOf, type Document, type Sheet, type SheetId } from "./document";

/** An instance of a subgraph, and the sheet on which it lies. */
export interface Use {
  readonly sheet: SheetId;
  readonly id: string;
}

const USES = new WeakMap<Document, ReadonlyMap<string, readonly Use[]>>();

/** All sheets of the document, its own first. */
export function* sheetsOf(document: Document): Iterable<readonly [SheetId, Sheet]> {
  yield [null, document];
  yield* Object.entries(document.subgraphs ?? {});
}

/** The instances of a subgraph, wherever they are. */
export function usesOf(document: Document, subgraph: string): readonly Use[] {
  let uses = USES.get(document);
  if (!uses) {
    uses = allUses(document);
    USES.set(document, uses);
  }
  return uses.get(subgraph) ?? [];
}

/** Whether an instance of the subgraph may lie on the sheet: not if that would put the subgraph into itself. */
export function mayHold(document: Document, sheet: SheetId, subgraph: string): boolean {
  if (sheet === null) return true;
  const seen = new Set<string>();
  const waiting = [sheet];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === subgraph) return false;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const use of usesOf(document, at)) if (use.sheet !== null) waiting.push(use.sheet);
  }
  return true;
}

function allUses(document: Document): ReadonlyMap<string, readonly Use[]> {
  const found = new Map<string, Use[]>();
  for (const [sheet, { nodes }] of sheetsOf(document))
    for (const [id, node] of Object.entries(nodes)) {
      const subgraph = subgraphOf(node.class_type);
      if (subgraph === null) continue;
      const uses = found.get(subgraph);
      if (uses) uses.push({ sheet, id });
      else found.set(subgraph, [{ sheet, id }]);
    }
  return found;
}

/** The instances to enter so as to come to a sheet, outermost first; null where no way leads there. */
export function wayInto(
  document: Document,
  sheet: SheetId,
): readonly { readonly instance: string; readonly subgraph: string }[] | null {
  if (sheet === null) return [];
  const ways = new Map<string, readonly { instance: string; subgraph: string }[]>([["", []]]);
  const waiting: SheetId[] = [null];
  for (const at of waiting)
    for (const [instance, node] of Object.entries(sheetAt(document, at)?.nodes ?? {})) {
      const subgraph = subgraphOf(node.class_type);
      if (subgraph === null || ways.has(subgraph)) continue;
      ways.set(subgraph, [...(ways.get(at ?? "") ?? []), { instance, subgraph }]);
      waiting.push(subgraph); // read on while it grows
    }
  return ways.get(sheet) ?? null;
}
