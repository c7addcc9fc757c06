/** Drawing links with a 2D canvas. They are kept as paths, a tile of the sheet at a time, so that moving the view builds none. */

import type { Bounds, Point } from "../graph/document";
import { hueOf } from "./colors";
import type { Drawn } from "./draw";
import { overlap, within } from "./hash";
import type { Scene, Wire } from "./model";
import type { Pane } from "./pane";
import { endsOfWire, hashOfWires, reach, wiresAt, wiresByKey } from "./wires";

const TILE = 4096;
const CURVED = 0.12; // farther away a curve is not to be told from a line
const MANY = 400;

type Paths = Map<number | null, Path2D>;

interface Tile {
  bounds: Bounds;
  readonly curves: Paths;
  readonly lines: Paths;
}

/** Draw the links in an area, each in the colour of its type; those of what is chosen stand out. */
export function drawLinks(pane: Pane, drawn: Drawn, area: Bounds): void {
  const { context, x, y, zoom, inks } = pane;
  context.save();
  context.translate(x, y);
  context.scale(zoom, zoom);
  context.lineWidth = Math.max(0.75 / zoom, 2);
  context.globalAlpha = zoom < 0.15 ? 0.5 : 0.8;
  const stroke = (paths: Paths) => {
    for (const [hue, path] of paths) {
      context.strokeStyle = inks.type(hue);
      context.stroke(path);
    }
  };
  if (drawn.moving.size > 0) stroke(pathsNow(drawn, area, zoom >= CURVED));
  else
    for (const tile of tilesOf(drawn.scene))
      if (overlap(tile.bounds, area)) stroke(zoom >= CURVED ? tile.curves : tile.lines);
  context.globalAlpha = 1;
  context.strokeStyle = inks.ink;
  context.lineWidth = Math.max(1.5 / zoom, 3);
  context.stroke(standingOut(drawn));
  context.restore();
}

function pathsNow(drawn: Drawn, area: Bounds, curved: boolean): Paths {
  const byKey = wiresByKey(drawn.scene);
  const paths: Paths = new Map();
  for (const key of within(hashOfWires(drawn.scene), area)) {
    const wire = byKey.get(key);
    const ends = wire && endsOfWire(wire, drawn.itemOf);
    if (wire && ends) addTo(paths, wire, ends, curved);
  }
  return paths;
}

function standingOut({ scene, selection, splice, itemOf }: Drawn): Path2D {
  const path = new Path2D();
  const wires = new Set<Wire>();
  if (selection.size < MANY)
    for (const id of selection) for (const wire of wiresAt(scene, id)) wires.add(wire);
  const lit = splice === null ? undefined : wiresByKey(scene).get(splice);
  if (lit) wires.add(lit);
  for (const wire of wires) {
    const ends = endsOfWire(wire, itemOf);
    if (ends) addCurve(path, ...ends, reach(...ends));
  }
  return path;
}

const TILES = new WeakMap<
  Scene["wires"],
  { readonly boxes: Scene["boxes"]; readonly tiles: readonly Tile[] }
>();

function tilesOf(scene: Scene): readonly Tile[] {
  const known = TILES.get(scene.wires);
  if (known?.boxes === scene.boxes) return known.tiles;
  const found = new Map<string, Tile>();
  const boxes = hashOfWires(scene).boxes;
  for (const wire of scene.wires) {
    const ends = endsOfWire(wire, (id) => scene.items.get(id));
    const box = boxes.get(wire.key);
    if (!ends || !box) continue;
    const key = `${Math.floor(box[0] / TILE)} ${Math.floor(box[1] / TILE)}`;
    let tile = found.get(key);
    if (!tile) found.set(key, (tile = { bounds: box, curves: new Map(), lines: new Map() }));
    tile.bounds = joined(tile.bounds, box);
    addTo(tile.curves, wire, ends, true);
    addTo(tile.lines, wire, ends, false);
  }
  const tiles = [...found.values()];
  TILES.set(scene.wires, { boxes: scene.boxes, tiles });
  return tiles;
}

function joined(one: Bounds, other: Bounds): Bounds {
  const [left, top] = [Math.min(one[0], other[0]), Math.min(one[1], other[1])];
  const right = Math.max(one[0] + one[2], other[0] + other[2]);
  const bottom = Math.max(one[1] + one[3], other[1] + other[3]);
  return [left, top, right - left, bottom - top];
}

function addTo(paths: Paths, wire: Wire, [a, b]: readonly [Point, Point], curved: boolean): void {
  const hue = hueOf(wire.port);
  let path = paths.get(hue);
  if (!path) paths.set(hue, (path = new Path2D()));
  addCurve(path, a, b, curved ? reach(a, b) : 0);
}

function addCurve(path: Path2D, a: Point, b: Point, out: number): void {
  path.moveTo(a[0], a[1]);
  if (out === 0) path.lineTo(b[0], b[1]);
  else path.bezierCurveTo(a[0] + out, a[1], b[0] - out, b[1], b[0], b[1]);
}
