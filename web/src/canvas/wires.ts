/** The links of a sheet as they are drawn, and the curves that they take. */

import { TO_OUTSIDE, type Bounds, type Link, type Point, type Sheet } from "../graph/document";
import { linksOf } from "../graph/edit";
import { givenBy } from "../graph/flow";
import { portText } from "../graph/ports";
import { outputsOf } from "../graph/reads";
import { hashOf, overlap, type Hash } from "./hash";
import { socketAt } from "./items";
import type { Item, Scene, Source, Wire } from "./model";

export type LinkStyle = "spline" | "straight" | "linear" | "hidden";

/** Whether two links come from the same output. */
export function sameLink(one: Link, other: Link): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

/** The name of the link that ends at an input. */
export function wireKey(node: string, input: string): string {
  return `${node}\n${input}`;
}

/** All links whose two ends are on the sheet. The very list of before, if it is the same. */
export function wiresOf(
  source: Source,
  sheet: Sheet,
  items: ReadonlyMap<string, Item>,
  before: Scene | null,
): readonly Wire[] {
  const known = before ? KNOWN.get(before.wires) : undefined;
  const made = new Map<string, Wire>();
  const add = (from: Link, node: string, input: string) => {
    const begin = items.get(from[0]);
    if (!begin) return;
    const key = wireKey(node, input);
    const was = known?.get(key);
    const again = was !== undefined && sameLink(was.from, from);
    if (again && before?.items.get(from[0]) === begin && !depends(begin, from[1])) {
      made.set(key, was);
      return;
    }
    const port = givenBy(source.document, source.specs, source.sheetId, from);
    const kept = again && portText(was.port) === portText(port);
    made.set(key, kept ? was : { key, from, node, input, port });
  };
  for (const { from, node, input } of linksOf(sheet)) add(from, node, input);
  for (const output of outputsOf(sheet)) add(output.from, TO_OUTSIDE, output.name);
  if (before && unchanged(made, known)) return before.wires;
  const wires = [...made.values()];
  KNOWN.set(wires, made);
  return wires;
}

function unchanged(made: ReadonlyMap<string, Wire>, known: ReadonlyMap<string, Wire> | undefined): boolean {
  return known?.size === made.size && [...made].every(([key, wire]) => known.get(key) === wire);
}

// Whether an output's type hangs on what other nodes give.
function depends({ content }: Item, output: string): boolean {
  return content.kind === "node" && !!content.outputs.find(({ name }) => name === output)?.match;
}

const KNOWN = new WeakMap<readonly Wire[], ReadonlyMap<string, Wire>>();

/** The links of a scene by their names. */
export function wiresByKey({ wires }: Pick<Scene, "wires">): ReadonlyMap<string, Wire> {
  return KNOWN.get(wires) ?? new Map();
}

const TOUCHING = new WeakMap<readonly Wire[], ReadonlyMap<string, readonly Wire[]>>();

/** The links that begin or end at an item. */
export function wiresAt({ wires }: Pick<Scene, "wires">, id: string): readonly Wire[] {
  let touching = TOUCHING.get(wires);
  if (!touching) {
    const found = new Map<string, Wire[]>();
    for (const wire of wires)
      for (const end of new Set([wire.from[0], wire.node])) {
        const list = found.get(end);
        if (list) list.push(wire);
        else found.set(end, [wire]);
      }
    touching = found;
    TOUCHING.set(wires, touching);
  }
  return touching.get(id) ?? [];
}

/** The two points between which a link runs. */
export function endsOfWire(
  wire: Wire,
  itemOf: (id: string) => Item | undefined,
): readonly [Point, Point] | null {
  const [source, target] = [itemOf(wire.from[0]), itemOf(wire.node)];
  if (!source || !target) return null;
  return [socketAt(source, "out", wire.from[1]), socketAt(target, "in", wire.input)];
}

const HASHES = new WeakMap<readonly Wire[], readonly [ReadonlyMap<string, Bounds>, Hash]>();

/** Where the links of a scene run. */
export function hashOfWires(scene: Scene): Hash {
  const known = HASHES.get(scene.wires);
  if (known?.[0] === scene.boxes) return known[1];
  const boxes = new Map<string, Bounds>();
  for (const wire of scene.wires) {
    const ends = endsOfWire(wire, (id) => scene.items.get(id));
    if (ends) boxes.set(wire.key, boundsOfCurve(...ends));
  }
  const hash = hashOf(boxes);
  HASHES.set(scene.wires, [scene.boxes, hash]);
  return hash;
}

/** How far the handles of a spline reach out: more when it has to turn back. */
export function reach(a: Point, b: Point): number {
  const forward = b[0] - a[0];
  return forward >= 0
    ? Math.min(Math.max(forward * 0.5, 24), 220)
    : Math.min(24 + Math.abs(forward) * 0.35 + Math.abs(b[1] - a[1]) * 0.1, 220);
}

function boundsOfCurve(a: Point, b: Point): Bounds {
  const out = reach(a, b);
  const left = Math.min(a[0], b[0] - out);
  const right = Math.max(b[0], a[0] + out);
  return [left, Math.min(a[1], b[1]) - 4, right - left, Math.abs(a[1] - b[1]) + 8];
}

/** Whether a link's curve comes into an area: the box around a long one covers much that it is far from. */
export function comesInto(a: Point, b: Point, area: Bounds): boolean {
  return partsOf(pointsOf(a, b, "spline")).some(([from, to]) =>
    overlap(
      [
        Math.min(from[0], to[0]),
        Math.min(from[1], to[1]),
        Math.abs(to[0] - from[0]),
        Math.abs(to[1] - from[1]),
      ],
      area,
    ),
  );
}

/** A link's way, as SVG draws it. */
export function pathOf(a: Point, b: Point, style: LinkStyle): string {
  const start = `M${a[0]},${a[1]}`;
  if (style === "straight") return `${start}L${b[0]},${b[1]}`;
  if (style === "linear") {
    const middle = b[0] > a[0] + 40 ? (a[0] + b[0]) / 2 : a[0] + 20;
    return `${start}H${middle}V${b[1]}H${b[0]}`;
  }
  const out = reach(a, b);
  return `${start}C${a[0] + out},${a[1]} ${b[0] - out},${b[1]} ${b[0]},${b[1]}`;
}

/** Points along a link's way, from its begin to its end. */
export function pointsOf(a: Point, b: Point, style: LinkStyle, steps = 16): readonly Point[] {
  if (style === "straight") return [a, b];
  if (style === "linear") {
    const middle = b[0] > a[0] + 40 ? (a[0] + b[0]) / 2 : a[0] + 20;
    return [a, [middle, a[1]], [middle, b[1]], b];
  }
  const out = reach(a, b);
  return Array.from({ length: steps + 1 }, (_, step) =>
    cubic(a, [a[0] + out, a[1]], [b[0] - out, b[1]], b, step / steps),
  );
}

function cubic(a: Point, b: Point, c: Point, d: Point, t: number): Point {
  const u = 1 - t;
  const at = (axis: 0 | 1) =>
    u * u * u * a[axis] + 3 * u * u * t * b[axis] + 3 * u * t * t * c[axis] + t * t * t * d[axis];
  return [at(0), at(1)];
}

/** The middle of a link's way. */
export function middleOf(a: Point, b: Point): Point {
  const out = reach(a, b);
  return cubic(a, [a[0] + out, a[1]], [b[0] - out, b[1]], b, 0.5);
}

/** How far a point is from a way of straight parts. */
export function distanceTo(points: readonly Point[], [x, y]: Point): number {
  let least = Infinity;
  for (const [a, b] of partsOf(points)) {
    const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
    const square = dx * dx + dy * dy;
    const along = square ? Math.min(1, Math.max(0, ((x - a[0]) * dx + (y - a[1]) * dy) / square)) : 0;
    least = Math.min(least, Math.hypot(x - a[0] - along * dx, y - a[1] - along * dy));
  }
  return least;
}

/** Whether two ways of straight parts cross. */
export function cross(one: readonly Point[], other: readonly Point[]): boolean {
  const parts = partsOf(other);
  return partsOf(one).some(([a, b]) => parts.some(([c, d]) => crossing(a, b, c, d)));
}

function partsOf(points: readonly Point[]): readonly (readonly [Point, Point])[] {
  return points.slice(1).map((point, place) => [points[place] ?? point, point]);
}

function crossing(a: Point, b: Point, c: Point, d: Point): boolean {
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

function side(a: Point, b: Point, c: Point): boolean {
  return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0]);
}
