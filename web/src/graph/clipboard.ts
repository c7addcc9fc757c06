/** Copies of nodes, notes and groups: within a document, across documents, and as text across windows. */

import { around, boundsIn } from "./bounds";
import {
  freeId,
  FROM_OUTSIDE,
  instanceOf,
  nodeAt,
  sheetAt,
  subgraphOf,
  withSheet,
  type Document,
  type GraphNode,
  type Group,
  type Link,
  type Note,
  type Point,
  type Sheet,
  type SheetId,
  type Subgraph,
} from "./document";
import { linksOf, mapLinks } from "./edit";
import { freeFrameId, membersOf } from "./groups";
import { same } from "./same";
import { mayHold } from "./uses";

/** What was copied, with the subgraphs that it needs. */
export interface Clip {
  readonly weft: "clip";
  readonly nodes: Readonly<Record<string, GraphNode>>;
  readonly groups: readonly Group[];
  readonly notes: readonly Note[];
  readonly subgraphs: Readonly<Record<string, Subgraph>>;
  /** The kinds of the nodes outside that are read: links to them are kept only where such nodes are. */
  readonly outside: Readonly<Record<string, string>>;
}

/** A document with copies in it, and their ids. */
export interface Pasted {
  readonly document: Document;
  readonly ids: readonly string[];
}

/** Copy nodes, notes and groups of a sheet. A group is copied with all that belongs to it. */
export function copy(document: Document, sheet: SheetId, ids: Iterable<string>): Clip {
  const on = sheetAt(document, sheet) ?? { nodes: {} };
  const chosen = new Set(ids);
  for (const group of on.groups ?? [])
    if (chosen.has(group.id)) for (const id of membersOf(on, group, new Map())) chosen.add(id);
  const nodes = Object.fromEntries(Object.entries(on.nodes).filter(([id]) => chosen.has(id)));
  const outside = new Map<string, string>();
  for (const { from } of linksOf({ nodes })) {
    const source = chosen.has(from[0]) ? undefined : nodeAt(on, from[0]);
    if (source) outside.set(from[0], source.class_type);
  }
  return {
    weft: "clip",
    nodes,
    groups: (on.groups ?? []).filter((one) => chosen.has(one.id)),
    notes: (on.notes ?? []).filter((one) => chosen.has(one.id)),
    subgraphs: needed(document, Object.values(nodes)),
    outside: Object.fromEntries(outside),
  };
}

/** Put copies on a sheet, the upper left corner at a point. `links`: they also read what the originals read outside. */
export function paste(document: Document, sheet: SheetId, clip: Clip, at: Point, links: boolean): Pasted {
  if (!sheetAt(document, sheet)) return { document, ids: [] };
  const { document: prepared, renamed } = withSubgraphs(document, sheet, clip);
  const on = sheetAt(prepared, sheet) ?? prepared;
  const [left, top] = around(boundsIn(clip, new Map()).values()) ?? [0, 0];
  const by: Point = [at[0] - left, at[1] - top];
  const ids = freeIds(on, clip);
  const nodes: Record<string, GraphNode> = { ...on.nodes };
  for (const [old, node] of Object.entries(clip.nodes)) {
    const copied = mapLinks(node, (link) => {
      const from = ids.get(link[0]);
      return from !== undefined ? [from, link[1]] : links && readable(link) ? link : undefined;
    });
    nodes[ids.get(old) ?? old] = moved(kindRenamed(copied, renamed), by);
  }
  const next = { ...on, nodes };
  const copies = <T extends Group | Note>(all: readonly T[]) =>
    all.map((one) => ({ ...one, id: ids.get(one.id) ?? one.id, bounds: shifted(one.bounds, by) }));
  const groups = clip.groups.length ? { groups: [...(on.groups ?? []), ...copies(clip.groups)] } : {};
  const notes = clip.notes.length ? { notes: [...(on.notes ?? []), ...copies(clip.notes)] } : {};
  return { document: withSheet(prepared, sheet, { ...next, ...groups, ...notes }), ids: [...ids.values()] };

  function readable([from, output]: Link): boolean {
    if (from === FROM_OUTSIDE)
      return sheet !== null && (on as Subgraph).inputs.some((input) => input.name === output);
    const source = nodeAt(on, from);
    return (
      source !== undefined && Object.hasOwn(clip.outside, from) && clip.outside[from] === source.class_type
    );
  }
}

/** Copies of nodes, notes and groups beside the originals, with the same links. */
export function duplicate(
  document: Document,
  sheet: SheetId,
  ids: Iterable<string>,
  by: Point = [40, 40],
): Pasted {
  const clip = copy(document, sheet, ids);
  const [left, top] = around(boundsIn(clip, new Map()).values()) ?? [0, 0];
  return paste(document, sheet, clip, [left + by[0], top + by[1]], true);
}

/** The clip as text for the system's clipboard. */
export function clipText(clip: Clip): string {
  return JSON.stringify(clip);
}

/** The clip that a text is; null for any other text. */
export function clipOf(text: string): Clip | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(raw) || raw["weft"] !== "clip") return null;
  const { nodes, groups = [], notes = [], subgraphs = {}, outside = {} } = raw;
  const sound =
    isNodes(nodes) &&
    isFrames(groups, "title") &&
    isFrames(notes, "text") &&
    isObject(subgraphs) &&
    Object.values(subgraphs).every(isSubgraph) &&
    isObject(outside);
  return sound ? ({ weft: "clip", nodes, groups, notes, subgraphs, outside } as unknown as Clip) : null;
}

// The subgraphs that these nodes are instances of, and those inside them.
function needed(document: Document, nodes: Iterable<GraphNode>): Readonly<Record<string, Subgraph>> {
  const found = new Map<string, Subgraph>();
  const waiting = [...nodes];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    const id = subgraphOf(node.class_type);
    const sheet = id === null ? undefined : sheetAt(document, id);
    if (id === null || !sheet || found.has(id)) continue;
    found.set(id, sheet as Subgraph);
    waiting.push(...Object.values(sheet.nodes));
  }
  return Object.fromEntries(found);
}

// A subgraph that the document has already is used as it is; one that differs, or that would hold itself, comes in anew.
function withSubgraphs(
  document: Document,
  sheet: SheetId,
  clip: Clip,
): { readonly document: Document; readonly renamed: ReadonlyMap<string, string> } {
  const entries = Object.entries(clip.subgraphs);
  const known = (id: string, one: Subgraph) =>
    same(sheetAt(document, id), one) && mayHold(document, sheet, id);
  if (entries.every(([id, one]) => known(id, one))) return { document, renamed: new Map() };
  const taken = new Set(Object.keys(document.subgraphs ?? {}));
  const renamed = new Map<string, string>();
  for (const [id] of entries) {
    const fresh = taken.has(id) ? freeId({}, taken) : id;
    taken.add(fresh);
    renamed.set(id, fresh);
  }
  const added = entries.map(([id, one]) => {
    const nodes = Object.entries(one.nodes).map(
      ([inner, node]) => [inner, kindRenamed(node, renamed)] as const,
    );
    return [renamed.get(id) ?? id, { ...one, nodes: Object.fromEntries(nodes) }] as const;
  });
  return {
    document: { ...document, subgraphs: { ...document.subgraphs, ...Object.fromEntries(added) } },
    renamed,
  };
}

function kindRenamed(node: GraphNode, renamed: ReadonlyMap<string, string>): GraphNode {
  const fresh = renamed.get(subgraphOf(node.class_type) ?? "");
  return fresh === undefined ? node : { ...node, class_type: instanceOf(fresh) };
}

function freeIds(on: Sheet, clip: Clip): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  let number = Object.keys(on.nodes).length;
  for (const old of Object.keys(clip.nodes)) {
    do number += 1;
    while (Object.hasOwn(on.nodes, String(number)));
    ids.set(old, String(number));
  }
  const taken = new Set([...(on.groups ?? []), ...(on.notes ?? [])].map((one) => one.id));
  const frames = [
    ...clip.groups.map((one) => ["group", one] as const),
    ...clip.notes.map((one) => ["note", one] as const),
  ];
  for (const [kind, one] of frames) {
    const id = freeFrameId(on, kind, taken);
    taken.add(id);
    ids.set(one.id, id);
  }
  return ids;
}

function moved(node: GraphNode, [dx, dy]: Point): GraphNode {
  const [x, y] = node._meta?.position ?? [0, 0];
  return { ...node, _meta: { ...node._meta, position: [x + dx, y + dy] } };
}

function shifted([x, y, width, height]: Group["bounds"], [dx, dy]: Point): Group["bounds"] {
  return [x + dx, y + dy, width, height];
}

type Raw = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNodes(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.values(value).every(
      (node) =>
        isObject(node) &&
        typeof node["class_type"] === "string" &&
        isObject(node["inputs"]) &&
        (node["_meta"] === undefined || isObject(node["_meta"])),
    )
  );
}

function isFrames(value: unknown, text: string): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (one: unknown) =>
        isObject(one) &&
        typeof one["id"] === "string" &&
        typeof one[text] === "string" &&
        isNumbers(one["bounds"], 4),
    )
  );
}

function isSubgraph(value: unknown): boolean {
  if (!isObject(value) || typeof value["title"] !== "string" || !isNodes(value["nodes"])) return false;
  return isPorts(value["inputs"]) && isPorts(value["outputs"]);
}

function isPorts(value: unknown): boolean {
  return (
    Array.isArray(value) && value.every((port: unknown) => isObject(port) && typeof port["name"] === "string")
  );
}

function isNumbers(value: unknown, count: number): boolean {
  return Array.isArray(value) && value.length === count && value.every((one) => Number.isFinite(one));
}
