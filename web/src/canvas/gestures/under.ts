/** What lies at a point of the sheet, told by numbers alone: it works where nothing is drawn as elements. */

import type { Bounds, Point } from "../../graph/document";
import { useChrome } from "../../state/chrome";
import { within } from "../hash";
import type { Item, Scene, Wire } from "../model";
import { socketAt } from "../items";
import { hashOfItems } from "../scene";
import { distanceTo, endsOfWire, hashOfWires, pointsOf, wiresByKey } from "../wires";

const LAYERS = { group: 0, note: 2, reroute: 3, node: 1, inputs: 1, outputs: 1 } as const;
const HANDLE = 28; // the part of a frame that can be taken hold of

export interface SocketName {
  readonly side: "in" | "out";
  readonly node: string;
  readonly name: string;
}

/** The uppermost item at a point. Of a frame only its title counts. */
export function itemUnder(scene: Scene, point: Point): Item | null {
  let found: Item | null = null;
  for (const id of within(hashOfItems(scene), [...point, 0, 0])) {
    const item = scene.items.get(id);
    if (!item || (item.content.kind === "group" && point[1] > item.box[1] + HANDLE)) continue;
    if (!found || LAYERS[item.content.kind] >= LAYERS[found.content.kind]) found = item;
  }
  return found;
}

/** The socket at a point, not farther from it than `reach`. */
export function socketUnder(scene: Scene, point: Point, reach: number): SocketName | null {
  const area: Bounds = [point[0] - reach, point[1] - reach, 2 * reach, 2 * reach];
  for (const id of within(hashOfItems(scene), area)) {
    const item = scene.items.get(id);
    if (!item || item.content.kind === "group" || item.content.kind === "note") continue;
    for (const side of ["in", "out"] as const)
      for (const { name } of side === "in" ? item.content.inputs : item.content.outputs) {
        const [x, y] = socketAt(item, side, name);
        if (Math.hypot(x - point[0], y - point[1]) <= reach) return { side, node: id, name };
      }
  }
  return null;
}

/** The link that runs by a point, not farther from it than `reach`. */
export function wireUnder(scene: Scene, point: Point, reach: number): Wire | null {
  const area: Bounds = [point[0] - reach, point[1] - reach, 2 * reach, 2 * reach];
  const byKey = wiresByKey(scene);
  const { linkStyle } = useChrome.getState().choices;
  let best: { readonly wire: Wire; readonly far: number } | null = null;
  for (const key of within(hashOfWires(scene), area)) {
    const wire = byKey.get(key);
    const ends = wire && endsOfWire(wire, (id) => scene.items.get(id));
    if (!wire || !ends) continue;
    const far = distanceTo(pointsOf(...ends, linkStyle), point);
    if (far <= reach && far < (best?.far ?? Infinity)) best = { wire, far };
  }
  return best?.wire ?? null;
}
