/** A sheet in words: its nodes in the order of flow, with what each reads and who reads from it. */

import {
  FROM_OUTSIDE,
  isLink,
  nodeAt,
  REROUTE,
  sheetAt,
  TO_OUTSIDE,
  type Document,
  type End,
  type Link,
  type Sheet,
  type SheetId,
} from "./document";
import { endsOf, sourceOf } from "./reads";
import { specOf, type Specs } from "./specs";
import { titleOf } from "./titles";

export interface OutlineRow {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  /** What each linked input reads. */
  readonly reads: readonly { readonly input: string; readonly from: Link; readonly title: string }[];
  /** Which inputs read from it, by its outputs. */
  readonly readers: readonly { readonly output: string; readonly to: End; readonly title: string }[];
  /** All of it in a sentence or two. */
  readonly text: string;
}

/** The nodes in the order of flow: each after all that it reads. Reroutes are passed over. */
export function outline(document: Document, specs: Specs, sheet: SheetId): readonly OutlineRow[] {
  const on = sheetAt(document, sheet);
  return on ? inOrder(on).flatMap((id) => rowOf(document, specs, on, id) ?? []) : [];
}

/** The ids of a sheet's nodes, each after all that it reads; those in a circle and behind it last. */
export function inOrder(sheet: Sheet): readonly string[] {
  const waiting = new Map<string, number>();
  const readers = new Map<string, string[]>();
  for (const [id, { inputs }] of Object.entries(sheet.nodes)) {
    waiting.set(id, 0);
    for (const value of Object.values(inputs)) {
      if (!isLink(value) || !nodeAt(sheet, value[0])) continue;
      waiting.set(id, (waiting.get(id) ?? 0) + 1);
      const known = readers.get(value[0]);
      if (known) known.push(id);
      else readers.set(value[0], [id]);
    }
  }
  const ready = [...waiting.keys()].filter((id) => waiting.get(id) === 0);
  for (const id of ready)
    for (const reader of readers.get(id) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader); // read on while it grows
    }
  return [...ready, ...[...waiting.keys()].filter((id) => (waiting.get(id) ?? 0) > 0)];
}

function rowOf(document: Document, specs: Specs, sheet: Sheet, id: string): OutlineRow | null {
  const node = nodeAt(sheet, id);
  if (!node || node.class_type === REROUTE) return null;
  const called = (other: string) => {
    const found = nodeAt(sheet, other);
    if (found) return titleOf(document, specs, found);
    return other === FROM_OUTSIDE
      ? "the subgraph's inputs"
      : other === TO_OUTSIDE
        ? "the subgraph's outputs"
        : other;
  };
  const reads = Object.entries(node.inputs).flatMap(([input, value]) => {
    if (!isLink(value)) return [];
    const from = sourceOf(sheet, value);
    return [{ input, from, title: called(from[0]) }];
  });
  const outputs = specOf(document, specs, node.class_type)?.outputs.map((one) => one.name) ?? [];
  const readers = outputs.flatMap((output) =>
    endsOf(sheet, [id, output]).map((to) => ({ output, to, title: called(to.node) })),
  );
  const title = titleOf(document, specs, node);
  return {
    id,
    title,
    kind: node.class_type,
    reads,
    readers,
    text: inWords(title, node._meta?.mode, reads, readers),
  };
}

function inWords(
  title: string,
  mode: string | undefined,
  reads: OutlineRow["reads"],
  readers: OutlineRow["readers"],
): string {
  const state = mode === "mute" ? ", muted" : mode === "bypass" ? ", bypassed" : "";
  const from = reads.map((one) => `${one.input} from ${one.title}`);
  const to = readers.map((one) => `${one.title} (${one.to.input})`);
  return [
    `${title}${state}.`,
    from.length ? `Reads ${listed(from)}.` : "Reads nothing.",
    to.length ? `Read by ${listed(to)}.` : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function listed(parts: readonly string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${last}` : last;
}
