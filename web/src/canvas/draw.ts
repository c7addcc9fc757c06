/** Drawing a sheet with a 2D canvas: frames, links, nodes as boxes. Both the far view and the small map use it. */

import type { Bounds } from "../graph/document";
import { own } from "../graph/own";
import type { NodeProgress } from "../state/server";
import { hueOf } from "./colors";
import { drawLinks } from "./drawLinks";
import { drawRows } from "./drawRows";
import { within } from "./hash";
import type { Inks } from "./inks";
import type { Item, NodeContent, Scene } from "./model";
import { fitted, type Pane } from "./pane";
import { hashOfItems } from "./scene";

/** What of the editor's state is drawn beside the sheet itself. */
export interface Drawn {
  readonly scene: Scene;
  readonly itemOf: (id: string) => Item | undefined;
  readonly moving: ReadonlyMap<string, Bounds>;
  readonly selection: ReadonlySet<string>;
  readonly progress: Readonly<Record<string, NodeProgress>>;
  readonly isWrong: (flat: string) => boolean;
  readonly splice: string | null;
  /** Problems and pictures as they are kept: other objects mean that something else has to be drawn. */
  readonly problems: unknown;
  readonly pictures: unknown;
  readonly pictureOf: (flat: string) => CanvasImageSource | null;
}

const LEAST_LINKS = 0.035; // farther away than this links are a haze
const SOLID = 0.09; // farther away a node is all header
const ROUND = 0.2;
const LEAST_ROWS = 0.4; // farther away nobody could read a row
const LEAST_TITLE = 6; // pixels that a letter must have to be read

/** Draw what of the sheet lies in an area. */
export function drawSheet(pane: Pane, drawn: Drawn, area: Bounds, withLinks = true): void {
  const found = within(hashOfItems(drawn.scene), area);
  for (const id of drawn.moving.keys()) found.add(id);
  const items = [...found].flatMap((id) => drawn.itemOf(id) ?? []);
  for (const item of items) if (item.content.kind === "group") drawGroup(pane, drawn, item);
  if (withLinks && pane.zoom >= LEAST_LINKS) drawLinks(pane, drawn, area);
  drawNodes(pane, drawn, items);
  if (pane.titles && pane.zoom >= LEAST_ROWS) drawRows(pane, items);
}

function drawGroup(
  { context, x, y, zoom, inks, titles }: Pane,
  { selection }: Drawn,
  { id, box, content }: Item,
): void {
  if (content.kind !== "group") return;
  const [left, top, width, height] = scaled(box, x, y, zoom);
  const color = inks.chosen(content.group.color) ?? inks.edgeStrong;
  context.globalAlpha = 0.14;
  context.fillStyle = color;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 0.8;
  context.strokeStyle = selection.has(id) ? inks.accent : color;
  context.lineWidth = selection.has(id) ? 2 : 1;
  context.strokeRect(left, top, width, height);
  context.globalAlpha = 1;
  const letter = Math.max(16 * zoom, Math.min(13, height / 4));
  if (!titles || letter < LEAST_TITLE || width < 40) return;
  context.font = `600 ${letter}px ${inks.font}`;
  context.fillStyle = inks.ink2;
  context.textBaseline = "top";
  context.fillText(fitted(context, content.group.title, width - 8), left + 5, top + 4);
}

function drawNodes(pane: Pane, drawn: Drawn, items: readonly Item[]): void {
  const { context, inks, zoom } = pane;
  const plain = new Path2D();
  const chosen = new Path2D();
  const colored = new Map<string, Path2D>();
  const states = new Map<string, Path2D>();
  for (const item of items) {
    if (item.content.kind === "group") continue;
    const box = scaled(item.box, pane.x, pane.y, zoom);
    outline(plain, box, zoom);
    const color = colorOf(item, inks);
    const head = zoom < SOLID ? box[3] : Math.max(3, Math.min(32 * zoom, box[3]));
    if (color) addTo(colored, color, [box[0], box[1], box[2], head]);
    const state = stateInk(item, drawn, inks);
    if (state) addTo(states, state, [box[0], box[1], Math.max(2, 4 * zoom), box[3]]);
    if (drawn.selection.has(item.id)) outline(chosen, box, zoom);
  }
  context.fillStyle = inks.surface;
  context.fill(plain);
  for (const [ink, path] of colored) {
    context.fillStyle = ink;
    context.globalAlpha = 0.4;
    context.fill(path);
  }
  context.globalAlpha = 1;
  context.strokeStyle = inks.edgeStrong;
  context.lineWidth = Math.max(0.5, zoom);
  if (zoom > 0.06) context.stroke(plain);
  for (const [ink, path] of states) {
    context.fillStyle = ink;
    context.fill(path);
  }
  context.strokeStyle = inks.accent;
  context.lineWidth = 2;
  context.stroke(chosen);
  for (const item of items) drawInside(pane, drawn, item);
}

function drawInside(pane: Pane, drawn: Drawn, item: Item): void {
  const { context, inks, zoom } = pane;
  const { content } = item;
  if (content.kind === "group" || content.kind === "reroute") return;
  const [left, top, width, height] = scaled(item.box, pane.x, pane.y, zoom);
  if (!pane.titles || width < 24) return;
  const off = content.kind === "node" && content.node._meta?.mode;
  context.globalAlpha = off === "mute" ? 0.4 : 1;
  const picture = content.kind === "node" && content.shape.pictures ? drawn.pictureOf(content.flat) : null;
  if (picture && content.kind === "node" && content.shape.pictures) {
    const [from, high] = content.shape.pictures;
    drawFitted(context, picture, [left + 4 * zoom, top + from * zoom, width - 8 * zoom, high * zoom]);
  }
  // Far away a title takes more of its node than it does nearby, so that it can still be read.
  const letter = Math.min(Math.max(13 * zoom, 9), height * 0.5, 13);
  if (letter >= LEAST_TITLE && (width > 34 || zoom > 0.12)) {
    context.font = `500 ${letter}px ${inks.font}`;
    context.textBaseline = "middle";
    context.fillStyle = inks.ink;
    const text =
      content.kind === "node" ? content.title : content.kind === "note" ? content.note.text : content.kind;
    const middle = content.kind === "node" ? Math.max(16 * zoom, letter * 0.75) : letter;
    context.fillText(fitted(context, text.split("\n")[0] ?? "", width - 8), left + 5, top + middle);
  }
  context.globalAlpha = 1;
}

function colorOf({ content }: Item, inks: Inks): string | null {
  switch (content.kind) {
    case "node":
      return content.node._meta?.mode === "bypass"
        ? inks.chosen("violet")
        : (inks.chosen(content.node._meta?.color) ?? kindInk(content, inks));
    case "note":
      return inks.chosen(content.note.color) ?? inks.chosen("amber");
    case "reroute":
      return content.through ? inks.type(hueOf(content.through)) : inks.ink3;
    default:
      return inks.raised;
  }
}

// From afar a node is known by what it gives; one that gives nothing, as one that saves, by what it takes.
function kindInk({ outputs, inputs }: NodeContent, inks: Inks): string {
  const port = outputs[0]?.port ?? inputs.find(({ widget }) => !widget)?.port;
  return port ? inks.type(hueOf(port)) : inks.ink3;
}

function outline(path: Path2D, box: Bounds, zoom: number): void {
  if (zoom < ROUND) path.rect(...box);
  else path.roundRect(...box, 8 * zoom);
}

function stateInk({ content }: Item, { progress, isWrong }: Drawn, inks: Inks): string | null {
  if (content.kind !== "node") return null;
  if (isWrong(content.flat)) return inks.bad;
  switch (own(progress, content.flat)?.state) {
    case "running":
      return inks.running;
    case "finished":
      return inks.good;
    case "cached":
      return inks.cached;
    case "failed":
    case "blocked":
      return inks.bad;
    case "waiting":
    case undefined:
      return null;
  }
}

function addTo(paths: Map<string, Path2D>, ink: string, box: Bounds): void {
  let path = paths.get(ink);
  if (!path) paths.set(ink, (path = new Path2D()));
  path.rect(...box);
}

function drawFitted(context: CanvasRenderingContext2D, picture: CanvasImageSource, box: Bounds): void {
  const [wide, high] = "naturalWidth" in picture ? [picture.naturalWidth, picture.naturalHeight] : [1, 1];
  if (!wide || !high) return;
  const scale = Math.min(box[2] / wide, box[3] / high);
  const [width, height] = [wide * scale, high * scale];
  context.drawImage(picture, box[0] + (box[2] - width) / 2, box[1] + (box[3] - height) / 2, width, height);
}

function scaled([x, y, width, height]: Bounds, left: number, top: number, zoom: number): Bounds {
  return [x * zoom + left, y * zoom + top, width * zoom, height * zoom];
}
