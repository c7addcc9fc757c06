/** Places of nodes relative to one another: alignment, even distances, the grid, and lines that things snap to. */

import { around, USUAL_SIZE, type Sizes } from "./bounds";
import type { Bounds, Point } from "./document";

/** Places by ids. */
export type Places = ReadonlyMap<string, Point>;

export type Alignment = "left" | "right" | "top" | "bottom" | "centre" | "middle";

/** The places, lined up: at an edge of what they take up together, at its centre (one above another) or its middle (side by side). */
export function align(places: Places, sizes: Sizes, to: Alignment): Places {
  const all = around(boundsAt(places, sizes).values());
  if (!all) return places;
  const [left, top, width, height] = all;
  const placed = (id: string, [x, y]: Point): Point => {
    const [w, h] = sizes.get(id) ?? USUAL_SIZE;
    switch (to) {
      case "left":
        return [left, y];
      case "right":
        return [left + width - w, y];
      case "centre":
        return [left + (width - w) / 2, y];
      case "top":
        return [x, top];
      case "bottom":
        return [x, top + height - h];
      case "middle":
        return [x, top + (height - h) / 2];
    }
  };
  return new Map([...places].map(([id, at]) => [id, placed(id, at)]));
}

/** The places with even gaps between them; the first and the last stay. */
export function distribute(places: Places, sizes: Sizes, along: "horizontal" | "vertical"): Places {
  const axis = along === "horizontal" ? 0 : 1;
  const length = (id: string) => (sizes.get(id) ?? USUAL_SIZE)[axis];
  const order = [...places].sort(([, a], [, b]) => a[axis] - b[axis]);
  const [first, last] = [order[0], order.at(-1)];
  if (!first || !last || order.length < 3) return places;
  const end = last[1][axis] + length(last[0]);
  const taken = order.reduce((sum, [id]) => sum + length(id), 0);
  const gap = (end - first[1][axis] - taken) / (order.length - 1);
  let next = first[1][axis];
  const found = new Map<string, Point>();
  for (const [id, [x, y]] of order) {
    found.set(id, axis === 0 ? [next, y] : [x, next]);
    next += length(id) + gap;
  }
  return found;
}

/** The nearest point of the grid. */
export function snap([x, y]: Point, grid: number): Point {
  if (!(grid > 0)) return [x, y];
  return [Math.round(x / grid) * grid, Math.round(y / grid) * grid];
}

/** A line along which an edge or the middle of what is moved lies level with another thing's. */
export interface Guide {
  readonly axis: "x" | "y";
  /** Where the line is: its x if it is upright, else its y. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** How far to move so as to lie level with others, and the lines to show; by [0, 0] where nothing is near. */
export function guides(
  moving: Bounds,
  others: Iterable<Bounds>,
  near = 6,
): { readonly by: Point; readonly lines: readonly Guide[] } {
  const best = { x: near, y: near };
  const lines: { x: Guide[]; y: Guide[] } = { x: [], y: [] };
  const by = { x: 0, y: 0 };
  for (const other of others)
    for (const axis of ["x", "y"] as const)
      for (const own of edges(moving, axis))
        for (const at of edges(other, axis)) {
          const distance = Math.abs(at - own);
          if (distance > best[axis]) continue;
          if (distance < best[axis] || at - own !== by[axis]) lines[axis] = [];
          best[axis] = distance;
          by[axis] = at - own;
          lines[axis].push({ axis, at, ...span(moving, other, axis) });
        }
  return { by: [by.x, by.y], lines: [...lines.x, ...lines.y] };
}

function edges([x, y, width, height]: Bounds, axis: "x" | "y"): readonly number[] {
  return axis === "x" ? [x, x + width / 2, x + width] : [y, y + height / 2, y + height];
}

function span(one: Bounds, other: Bounds, axis: "x" | "y"): { from: number; to: number } {
  const across = axis === "x" ? 1 : 0;
  const from = Math.min(one[across], other[across]);
  return {
    from,
    to: Math.max(one[across] + one[(across + 2) as 2 | 3], other[across] + other[(across + 2) as 2 | 3]),
  };
}

function boundsAt(places: Places, sizes: Sizes): ReadonlyMap<string, Bounds> {
  return new Map([...places].map(([id, [x, y]]) => [id, [x, y, ...(sizes.get(id) ?? USUAL_SIZE)] as Bounds]));
}
