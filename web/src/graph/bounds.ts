/** Rectangles on the canvas. */

import { positionOf, type Bounds, type GraphNode, type Point, type Sheet } from "./document";

/** The sizes of nodes by their ids, as they were drawn or as `size.ts` estimates them. */
export type Sizes = ReadonlyMap<string, Point>;

/** What a node takes up where nothing is known of its size. */
export const USUAL_SIZE: Point = [220, 120];

/** The rectangle that a node takes up. */
export function boundsOf(id: string, node: GraphNode, sizes: Sizes): Bounds {
  const [x, y] = positionOf(node);
  const [width, height] = sizes.get(id) ?? node._meta?.size ?? USUAL_SIZE;
  return [x, y, width, height];
}

/** The rectangles of nodes, notes and groups by their ids; all of the sheet's unless some are named. */
export function boundsIn(sheet: Sheet, sizes: Sizes, ids?: Iterable<string>): ReadonlyMap<string, Bounds> {
  const wanted = ids && new Set(ids);
  const found = new Map<string, Bounds>();
  for (const [id, node] of Object.entries(sheet.nodes))
    if (!wanted || wanted.has(id)) found.set(id, boundsOf(id, node, sizes));
  for (const { id, bounds } of [...(sheet.notes ?? []), ...(sheet.groups ?? [])])
    if (!wanted || wanted.has(id)) found.set(id, bounds);
  return found;
}

/** The smallest rectangle around all of them; null around none. */
export function around(all: Iterable<Bounds>): Bounds | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y, width, height] of all) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return left === Infinity ? null : [left, top, right - left, bottom - top];
}

/** Whether the middle of a rectangle lies in another one. */
export function holdsCentre([left, top, width, height]: Bounds, inner: Bounds): boolean {
  const [x, y] = [inner[0] + inner[2] / 2, inner[1] + inner[3] / 2];
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

/** Whether a rectangle lies wholly in another one. */
export function holds([left, top, width, height]: Bounds, [x, y, w, h]: Bounds): boolean {
  return x >= left && y >= top && x + w <= left + width && y + h <= top + height;
}

/** The rectangle, moved. */
export function movedBounds([x, y, width, height]: Bounds, [dx, dy]: Point): Bounds {
  return [x + dx, y + dy, width, height];
}
