/** What differs between two documents. Nodes are the same if they have the same id and are of the same kind. */

import {
  sheetAt,
  type Document,
  type GraphNode,
  type Group,
  type InputValue,
  type Mode,
  type Note,
  type Sheet,
  type SheetId,
  type Subgraph,
} from "./document";
import { same } from "./same";

export interface NodeThere {
  readonly sheet: SheetId;
  readonly id: string;
  readonly node: GraphNode;
}

export interface ValueChange {
  readonly input: string;
  readonly before: InputValue | undefined;
  readonly after: InputValue | undefined;
}

/** A node that is in both. `values` and `mode` change what is computed. */
export interface NodeChange {
  readonly sheet: SheetId;
  readonly id: string;
  readonly before: GraphNode;
  readonly after: GraphNode;
  readonly values: readonly ValueChange[];
  readonly mode: readonly [before: Mode | null, after: Mode | null] | null;
}

/** A group or a note. */
export interface FrameChange {
  readonly sheet: SheetId;
  readonly id: string;
  readonly before: Group | Note | null;
  readonly after: Group | Note | null;
}

/** A subgraph that is new, gone, or has another title or other ports; what is in it is told node by node. */
export interface SubgraphChange {
  readonly id: string;
  readonly before: Subgraph | null;
  readonly after: Subgraph | null;
}

export interface Diff {
  readonly added: readonly NodeThere[];
  readonly removed: readonly NodeThere[];
  readonly changed: readonly NodeChange[];
  /** Nodes of which only the looks differ: place, size, title, colour. */
  readonly moved: readonly NodeChange[];
  readonly frames: readonly FrameChange[];
  readonly subgraphs: readonly SubgraphChange[];
}

/** What differs. Parts that both documents share are not looked into, so that two steps of one history are quick to compare. */
export function diff(before: Document, after: Document): Diff {
  const ids = new Set([...Object.keys(before.subgraphs ?? {}), ...Object.keys(after.subgraphs ?? {})]);
  const sheets: readonly SheetId[] = [null, ...ids];
  const nodes = sheets.flatMap((id) => nodesOf(id, sheetAt(before, id), sheetAt(after, id)));
  const both = nodes.flatMap(({ sheet, id, before, after }) =>
    before && after ? [changeOf(sheet, id, before, after)] : [],
  );
  const counts = (change: NodeChange) => change.values.length > 0 || change.mode !== null;
  return {
    added: nodes.flatMap(({ sheet, id, before, after }) =>
      !before && after ? [{ sheet, id, node: after }] : [],
    ),
    removed: nodes.flatMap(({ sheet, id, before, after }) =>
      before && !after ? [{ sheet, id, node: before }] : [],
    ),
    changed: both.filter(counts),
    moved: both.filter((change) => !counts(change)),
    frames: sheets.flatMap((id) => framesOf(id, sheetAt(before, id), sheetAt(after, id))),
    subgraphs: [...ids].flatMap((id) => subgraphsOf(id, sheetAt(before, id), sheetAt(after, id))),
  };
}

/** Whether the two documents have nothing that differs. */
export function isEmpty(diff: Diff): boolean {
  return Object.values(diff).every((part: readonly unknown[]) => part.length === 0);
}

interface Pair {
  readonly sheet: SheetId;
  readonly id: string;
  readonly before: GraphNode | undefined;
  readonly after: GraphNode | undefined;
}

// A node of another kind under the same id is another node: one is gone, one has come.
function nodesOf(sheet: SheetId, before: Sheet | undefined, after: Sheet | undefined): readonly Pair[] {
  if (before?.nodes === after?.nodes) return [];
  const old = new Map(Object.entries(before?.nodes ?? {}));
  const young = new Map(Object.entries(after?.nodes ?? {}));
  return sortedKeys(old, young).flatMap((id): readonly Pair[] => {
    const [one, other] = [old.get(id), young.get(id)];
    if (same(one, other)) return [];
    const twins = one === undefined || other === undefined || one.class_type === other.class_type;
    if (twins) return [{ sheet, id, before: one, after: other }];
    return [
      { sheet, id, before: one, after: undefined },
      { sheet, id, before: undefined, after: other },
    ];
  });
}

function changeOf(sheet: SheetId, id: string, before: GraphNode, after: GraphNode): NodeChange {
  const [old, young] = [new Map(Object.entries(before.inputs)), new Map(Object.entries(after.inputs))];
  const values = sortedKeys(old, young)
    .filter((input) => !same(old.get(input), young.get(input)))
    .map((input) => ({ input, before: old.get(input), after: young.get(input) }));
  const modes = [before._meta?.mode ?? null, after._meta?.mode ?? null] as const;
  return { sheet, id, before, after, values, mode: modes[0] === modes[1] ? null : modes };
}

function framesOf(
  sheet: SheetId,
  before: Sheet | undefined,
  after: Sheet | undefined,
): readonly FrameChange[] {
  const old = framesById(before);
  const young = framesById(after);
  return sortedKeys(old, young)
    .filter((id) => !same(old.get(id), young.get(id)))
    .map((id) => ({ sheet, id, before: old.get(id) ?? null, after: young.get(id) ?? null }));
}

function framesById(sheet: Sheet | undefined): ReadonlyMap<string, Group | Note> {
  return new Map([...(sheet?.groups ?? []), ...(sheet?.notes ?? [])].map((one) => [one.id, one]));
}

function subgraphsOf(
  id: string,
  before: Sheet | undefined,
  after: Sheet | undefined,
): readonly SubgraphChange[] {
  const [old, young] = [before, after] as [Subgraph | undefined, Subgraph | undefined];
  const face = (one: Subgraph | undefined) => one && [one.title, one.help, one.inputs, one.outputs];
  return same(face(old), face(young)) ? [] : [{ id, before: old ?? null, after: young ?? null }];
}

// The same order whichever document stands first.
function sortedKeys(
  one: ReadonlyMap<string, unknown>,
  other: ReadonlyMap<string, unknown>,
): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
}
