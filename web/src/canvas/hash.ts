/** What lies where: boxes by the cells of a coarse grid, so that asking for those in a part of the sheet costs what is there. */

import type { Bounds } from "../graph/document";

const CELL = 512;
const MANY = 48; // a box over more cells than these is looked at in every question instead

export interface Hash {
  readonly cells: ReadonlyMap<number, readonly string[]>;
  readonly large: readonly string[];
  readonly boxes: ReadonlyMap<string, Bounds>;
}

/** The boxes, ready to be asked. */
export function hashOf(boxes: ReadonlyMap<string, Bounds>): Hash {
  const cells = new Map<number, string[]>();
  const large: string[] = [];
  for (const [id, box] of boxes) {
    const [left, top, right, bottom] = cellsOf(box);
    if ((right - left + 1) * (bottom - top + 1) > MANY) {
      large.push(id);
      continue;
    }
    for (let x = left; x <= right; x += 1)
      for (let y = top; y <= bottom; y += 1) {
        const key = keyOf(x, y);
        const cell = cells.get(key);
        if (cell) cell.push(id);
        else cells.set(key, [id]);
      }
  }
  return { cells, large, boxes };
}

/** The names of the boxes that touch an area. */
export function within(hash: Hash, area: Bounds): Set<string> {
  const found = new Set<string>();
  const consider = (id: string) => {
    const box = hash.boxes.get(id);
    if (box && overlap(box, area)) found.add(id);
  };
  hash.large.forEach(consider);
  const [left, top, right, bottom] = cellsOf(area);
  if ((right - left + 1) * (bottom - top + 1) > hash.cells.size) {
    for (const id of hash.boxes.keys()) consider(id);
    return found;
  }
  for (let x = left; x <= right; x += 1)
    for (let y = top; y <= bottom; y += 1) hash.cells.get(keyOf(x, y))?.forEach(consider);
  return found;
}

/** Whether two boxes share a point. */
export function overlap(one: Bounds, other: Bounds): boolean {
  return (
    one[0] <= other[0] + other[2] &&
    other[0] <= one[0] + one[2] &&
    one[1] <= other[1] + other[3] &&
    other[1] <= one[1] + one[3]
  );
}

/** The smallest box around boxes; null around none. */
export function around(boxes: Iterable<Bounds>): Bounds | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y, width, height] of boxes) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x + width);
    bottom = Math.max(bottom, y + height);
  }
  return left === Infinity ? null : [left, top, right - left, bottom - top];
}

/** The box between two points, whichever way they lie. */
export function between(a: readonly [number, number], b: readonly [number, number]): Bounds {
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.abs(a[0] - b[0]), Math.abs(a[1] - b[1])];
}

function cellsOf([x, y, width, height]: Bounds): [number, number, number, number] {
  return [
    Math.floor(x / CELL),
    Math.floor(y / CELL),
    Math.floor((x + width) / CELL),
    Math.floor((y + height) / CELL),
  ];
}

function keyOf(x: number, y: number): number {
  return x * 4_194_304 + y;
}
