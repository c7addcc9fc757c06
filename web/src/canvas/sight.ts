/** What is in sight, and in how much detail it can be drawn without the page getting slow. */

import { isLink, type Bounds } from "../graph/document";
import type { Detail } from "../state/canvas";
import { within } from "./hash";
import type { Item, Scene } from "./model";
import { hashOfItems } from "./scene";

/** Below the first number what was near becomes far, above the second what was far becomes near. */
const FAR = [0.42, 0.48] as const;
const PLAIN = [0.58, 0.64] as const;
const DENSE = [0.7, 0.76] as const; // and so where many things are in sight
const MANY = 650; // plain elements
const MOST = 2900; // elements: the frame around the canvas has some hundred more, and 4,000 shall never be passed
const AGAIN = 0.85;
const STEP = 320;

/** A view of the sheet as React Flow has it, and the size of the canvas on the page. */
export interface Looking {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

/** The part of the sheet that is seen. */
export function seen({ x, y, zoom, width, height }: Looking): Bounds {
  return [-x / zoom, -y / zoom, width / zoom, height / zoom];
}

/** The part of the sheet to keep ready: somewhat more than is seen, and the same for small moves. */
export function region(looking: Looking): Bounds {
  const [left, top, width, height] = seen(looking);
  const right = Math.ceil((left + width + STEP / 4) / STEP) * STEP;
  const bottom = Math.ceil((top + height + STEP / 4) / STEP) * STEP;
  const x = Math.floor((left - STEP / 4) / STEP) * STEP;
  const y = Math.floor((top - STEP / 4) / STEP) * STEP;
  return [x, y, right - x, bottom - y];
}

/** In how much detail to draw, given how it is drawn now: it is changed only when it is clearly due. */
export function detailFor(now: Detail, scene: Scene, looking: Looking): Detail {
  const { zoom } = looking;
  if (zoom < (now === "far" ? FAR[1] : FAR[0])) return "far";
  const [full, plain] = loadOf(scene, region(looking));
  const dense = plain > MANY * (now === "far" ? AGAIN : 1);
  if (dense && zoom < (now === "far" ? DENSE[1] : DENSE[0])) return "far";
  if (plain > MOST * (now === "far" ? AGAIN : 1)) return "far";
  const small = zoom < (now === "full" ? PLAIN[0] : PLAIN[1]);
  return small || full > MOST * (now === "full" ? 1 : AGAIN) ? "plain" : "full";
}

// About how many elements the items of a part of the sheet would be.
function loadOf(scene: Scene, area: Bounds): readonly [full: number, plain: number] {
  let full = 0;
  let plain = 0;
  for (const id of within(hashOfItems(scene), area)) {
    const item = scene.items.get(id);
    if (!item) continue;
    const [more, less] = elementsOf(item);
    full += more;
    plain += less;
  }
  return [full, plain];
}

const COUNTED = new WeakMap<Item["content"], readonly [number, number]>();

function elementsOf({ content }: Item): readonly [number, number] {
  if (content.kind === "group" || content.kind === "note") return [12, 12];
  let counted = COUNTED.get(content);
  if (!counted) {
    const rows = content.shape.rows.map(({ kind, input, output }): [number, number] =>
      kind === "field"
        ? [11, 4]
        : [1 + (input ? 2 : 1) + (output ? 2 : 0), 1 + (input ? 2 : 1) + (output ? 2 : 0)],
    );
    const links = "node" in content ? 3 * Object.values(content.node.inputs).filter(isLink).length : 0;
    counted = [
      22 + links + rows.reduce((all, [one]) => all + one, 0),
      11 + links + rows.reduce((all, [, one]) => all + one, 0),
    ];
    COUNTED.set(content, counted);
  }
  return counted;
}

/** The view in which a part of the sheet fills the canvas, not larger than `most`. */
export function lookingAt(
  area: Bounds,
  width: number,
  height: number,
  most: number,
  { room = 48, least = LEAST_ZOOM } = {},
): Omit<Looking, "width" | "height"> {
  const fit = Math.min((width - 2 * room) / Math.max(1, area[2]), (height - 2 * room) / Math.max(1, area[3]));
  const zoom = Math.min(most, Math.max(least, fit));
  return {
    x: width / 2 - (area[0] + area[2] / 2) * zoom,
    y: height / 2 - (area[1] + area[3] / 2) * zoom,
    zoom,
  };
}

export const LEAST_ZOOM = 0.02;
export const MOST_ZOOM = 3;
