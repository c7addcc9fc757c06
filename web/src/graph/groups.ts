/** Groups: frames on the canvas. What lies in a group belongs to it; nothing else says so. */

import { around, boundsIn, boundsOf, holds, holdsCentre, movedBounds, type Sizes } from "./bounds";
import { positionOf, type Bounds, type Group, type Note, type Point, type Sheet } from "./document";
import { moveNodes } from "./edit";

const PADDING = 20;
const TITLE = 36;

/** The sheet with a group around these nodes, notes and groups, and the group's id. Around nothing it makes none. */
export function groupAround<S extends Sheet>(
  sheet: S,
  ids: Iterable<string>,
  sizes: Sizes,
  title: string,
): { readonly sheet: S; readonly id: string | null } {
  const bounds = framed(around(boundsIn(sheet, sizes, ids).values()));
  if (!bounds) return { sheet, id: null };
  const id = freeFrameId(sheet, "group");
  // Groups lie behind one another in their order, so that one around others has to come first.
  return { sheet: { ...sheet, groups: [{ id, title, bounds }, ...(sheet.groups ?? [])] }, id };
}

/** The ids of all that belongs to a group: nodes and notes whose middle is in it, and groups that are in it as a whole. */
export function membersOf(sheet: Sheet, group: Group, sizes: Sizes): readonly string[] {
  const nodes = Object.entries(sheet.nodes).filter(([id, node]) =>
    holdsCentre(group.bounds, boundsOf(id, node, sizes)),
  );
  const notes = (sheet.notes ?? []).filter((note) => holdsCentre(group.bounds, note.bounds));
  const groups = (sheet.groups ?? []).filter((one) => one.id !== group.id && isInside(one, group));
  return [...nodes.map(([id]) => id), ...notes.map((note) => note.id), ...groups.map((one) => one.id)];
}

/** The sheet with these nodes, notes and groups moved. */
export function moveAll<S extends Sheet>(sheet: S, ids: ReadonlySet<string>, by: Point): S {
  const places = new Map<string, Point>();
  for (const [id, node] of Object.entries(sheet.nodes)) {
    if (!ids.has(id)) continue;
    const [x, y] = positionOf(node);
    places.set(id, [x + by[0], y + by[1]]);
  }
  const moved = <T extends { readonly id: string; readonly bounds: Bounds }>(all: readonly T[]) =>
    all.map((one) => (ids.has(one.id) ? { ...one, bounds: movedBounds(one.bounds, by) } : one));
  const { groups, notes } = sheet;
  return {
    ...moveNodes(sheet, places),
    ...(groups && { groups: moved(groups) }),
    ...(notes && { notes: moved(notes) }),
  };
}

/** The sheet with a group just as large as what belongs to it; the same sheet if nothing does. */
export function fitGroup<S extends Sheet>(sheet: S, id: string, sizes: Sizes): S {
  const group = sheet.groups?.find((one) => one.id === id);
  const bounds = group && framed(around(boundsIn(sheet, sizes, membersOf(sheet, group, sizes)).values()));
  if (!bounds) return sheet;
  return { ...sheet, groups: sheet.groups?.map((one) => (one.id === id ? { ...one, bounds } : one)) };
}

/** The groups and notes of a sheet for which `keep` says so. */
export function framesOf(
  sheet: Sheet,
  keep: (frame: Group | Note) => boolean,
): Pick<Sheet, "groups" | "notes"> {
  const { groups, notes } = sheet;
  return { ...(groups && { groups: groups.filter(keep) }), ...(notes && { notes: notes.filter(keep) }) };
}

/** An id that nothing on the sheet has: "group-1". */
export function freeFrameId(
  sheet: Sheet,
  kind: "group" | "note",
  taken: ReadonlySet<string> = new Set(
    [...(sheet.groups ?? []), ...(sheet.notes ?? [])].map((one) => one.id),
  ),
): string {
  let number = 1;
  while (taken.has(`${kind}-${number}`) || Object.hasOwn(sheet.nodes, `${kind}-${number}`)) number += 1;
  return `${kind}-${number}`;
}

function framed(bounds: Bounds | null): Bounds | null {
  if (!bounds) return null;
  const [x, y, width, height] = bounds;
  return [x - PADDING, y - TITLE, width + 2 * PADDING, height + TITLE + PADDING];
}

// Of two groups that are equally large, the one that stands first in the file holds the other: none holds itself.
function isInside(inner: Group, outer: Group): boolean {
  return holds(outer.bounds, inner.bounds) && !holds(inner.bounds, outer.bounds);
}
