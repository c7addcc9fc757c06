/** Who reads what on a sheet, and where links through reroutes come from. Kept for as long as the sheet is the same one. */

import {
  isLink,
  nodeAt,
  REROUTE,
  TO_OUTSIDE,
  type End,
  type Link,
  type Sheet,
  type Subgraph,
} from "./document";

/** An input that reads `output` of the node in question. */
export interface Reading extends End {
  readonly output: string;
}

type Readings = ReadonlyMap<string, readonly Reading[]>;

const READINGS = new WeakMap<Sheet, Readings>();
const SOURCES = new WeakMap<Sheet["nodes"], Map<string, Link>>();

/** For each node that is read, the inputs that read it. Those of a subgraph's own outputs are at the node "@outputs". */
export function readersOf(sheet: Sheet): Readings {
  const before = READINGS.get(sheet);
  if (before) return before;
  const found = new Map<string, Reading[]>();
  const note = (from: Link, node: string, input: string) => {
    const readings = found.get(from[0]);
    const reading = { node, input, output: from[1] };
    if (readings) readings.push(reading);
    else found.set(from[0], [reading]);
  };
  for (const [node, { inputs }] of Object.entries(sheet.nodes))
    for (const [input, value] of Object.entries(inputs)) if (isLink(value)) note(value, node, input);
  for (const output of outputsOf(sheet)) note(output.from, TO_OUTSIDE, output.name);
  READINGS.set(sheet, found);
  return found;
}

/** What a subgraph gives; nothing for the document's own sheet. */
export function outputsOf(sheet: Sheet): Subgraph["outputs"] {
  return "outputs" in sheet ? (sheet as Subgraph).outputs : [];
}

/** Where a link comes from in the end: reroutes on the way are passed over. */
export function sourceOf(sheet: Sheet, link: Link): Link {
  const known = SOURCES.get(sheet.nodes) ?? new Map<string, Link>();
  SOURCES.set(sheet.nodes, known);
  const passed = new Set<string>();
  let at = link;
  while (nodeAt(sheet, at[0])?.class_type === REROUTE && !passed.has(at[0])) {
    const next = known.get(at[0]) ?? nodeAt(sheet, at[0])?.inputs["value"];
    if (!isLink(next)) break;
    passed.add(at[0]);
    at = next;
  }
  for (const id of passed) known.set(id, at);
  return at;
}

/** All inputs that get what a link brings, straight or by way of reroutes; those of the reroutes are not among them. */
export function endsOf(sheet: Sheet, link: Link): readonly End[] {
  const readers = readersOf(sheet);
  const ends: End[] = [];
  const seen = new Set<string>();
  const waiting: Link[] = [link];
  for (let at = waiting.pop(); at; at = waiting.pop())
    for (const { node, input, output } of readers.get(at[0]) ?? []) {
      if (output !== at[1]) continue;
      if (nodeAt(sheet, node)?.class_type !== REROUTE) ends.push({ node, input });
      else if (!seen.has(node)) {
        seen.add(node);
        waiting.push([node, "value"]);
      }
    }
  return ends;
}
