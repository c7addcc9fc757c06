/**
 * Circles that a new link would close, in the graph as it runs: an instance of a subgraph is no single node there, so that
 * only those of its outputs lead back to an input which depend on it inside.
 */

import {
  FROM_OUTSIDE,
  isLink,
  nodeAt,
  sheetAt,
  subgraphOf,
  TO_OUTSIDE,
  withSheet,
  type Document,
  type End,
  type Link,
  type Sheet,
  type SheetId,
} from "./document";
import { setInput } from "./edit";
import { outputsOf } from "./reads";
import { usesOf } from "./uses";

/** The members of a circle, in the order of flow, and the sheet on which they lie. */
export interface Circle {
  readonly sheet: SheetId;
  readonly ids: readonly string[];
}

/** The circle that a link from `from` to `to` would close; null if it would close none. */
export function circleBy(document: Document, sheet: SheetId, from: Link, to: End): Circle | null {
  const on = sheetAt(document, sheet);
  if (!on) return null;
  const ids = way(document, on, from, (link) => dependsOn(document, on, link, to));
  if (ids) return { sheet, ids };
  if (sheet === null) return null;
  const after = withSheet(document, sheet, linked(on, from, to));
  return circleOutside(document, after, sheet, new Set());
}

/** The sheet with the link, also to an output of the subgraph itself. */
export function linked<S extends Sheet>(sheet: S, from: Link, to: End): S {
  if (to.node !== TO_OUTSIDE) return setInput(sheet, to.node, to.input, from);
  const outputs = outputsOf(sheet).map((one) => (one.name === to.input ? { ...one, from } : one));
  return { ...sheet, outputs };
}

type Dependence = ReadonlyMap<string, ReadonlySet<string>>;

const KEPT = new WeakMap<object, Map<string, Dependence>>();
const NOTHING: ReadonlySet<string> = new Set();

/** For each output of a subgraph, the inputs on which it depends. */
function dependence(document: Document, subgraph: string): Dependence {
  const key = document.subgraphs ?? document;
  const kept = KEPT.get(key) ?? new Map<string, Dependence>();
  KEPT.set(key, kept);
  const before = kept.get(subgraph);
  if (before) return before;
  const found = new Map<string, ReadonlySet<string>>();
  kept.set(subgraph, found); // one that holds itself finds nothing inside
  const sheet = sheetAt(document, subgraph);
  for (const output of sheet ? outputsOf(sheet) : []) {
    const names = new Set<string>();
    if (sheet)
      way(document, sheet, output.from, (link) => (link[0] === FROM_OUTSIDE && names.add(link[1]), false));
    found.set(output.name, names);
  }
  return found;
}

/** The nodes on a way that leads from what `goal` accepts to `end`, in the order of flow; null where none does. */
function way(
  document: Document,
  sheet: Sheet,
  end: Link,
  goal: (link: Link) => boolean,
): readonly string[] | null {
  interface Stop {
    readonly link: Link;
    readonly next: Stop | null;
  }
  const seen = new Set<string>();
  const waiting: Stop[] = [{ link: end, next: null }];
  for (let stop = waiting.pop(); stop; stop = waiting.pop()) {
    const { link } = stop;
    if (goal(link)) return idsFrom(stop);
    const node = nodeAt(sheet, link[0]);
    const subgraph = node ? subgraphOf(node.class_type) : null;
    const key = node && subgraph === null ? link[0] : link.join("\n");
    if (!node || seen.has(key)) continue;
    seen.add(key);
    const names =
      subgraph === null || !sheetAt(document, subgraph)
        ? Object.keys(node.inputs)
        : (dependence(document, subgraph).get(link[1]) ?? NOTHING);
    for (const name of names) {
      const value = node.inputs[name];
      if (isLink(value)) waiting.push({ link: value, next: stop });
    }
  }
  return null;

  function idsFrom(first: Stop): readonly string[] {
    const ids: string[] = [];
    for (let stop: Stop | null = first; stop; stop = stop.next) ids.push(stop.link[0]);
    return ids;
  }
}

// Whether what the link brings depends on that input of its node, were it linked.
function dependsOn(document: Document, sheet: Sheet, link: Link, to: End): boolean {
  if (link[0] !== to.node) return false;
  const subgraph = subgraphOf(nodeAt(sheet, link[0])?.class_type ?? "");
  if (subgraph === null || !sheetAt(document, subgraph)) return true;
  return dependence(document, subgraph).get(link[1])?.has(to.input) ?? false;
}

// A link inside a subgraph may make one of its outputs depend on one more of its inputs: is that output led back to it?
function circleOutside(
  before: Document,
  after: Document,
  subgraph: string,
  seen: Set<string>,
): Circle | null {
  if (seen.has(subgraph)) return null;
  seen.add(subgraph);
  const gained = new Set<string>();
  for (const [output, names] of dependence(after, subgraph))
    for (const name of names) if (!dependence(before, subgraph).get(output)?.has(name)) gained.add(name);
  if (gained.size === 0) return null;
  for (const { sheet, id } of usesOf(after, subgraph)) {
    const on = sheetAt(after, sheet);
    for (const input of gained) {
      const value = on && nodeAt(on, id)?.inputs[input];
      if (!on || !isLink(value)) continue;
      const ids = way(after, on, value, (link) => dependsOn(after, on, link, { node: id, input }));
      if (ids) return { sheet, ids };
    }
    const further = sheet === null ? null : circleOutside(before, after, sheet, seen);
    if (further) return further;
  }
  return null;
}
