/** Drawing what is in nodes, where the far view is near enough to read it: sockets, names and values. */

import { isLink, type Point } from "../graph/document";
import { describe } from "../graph/titles";
import { hueOf } from "./colors";
import type { Item, NodeContent } from "./model";
import { fitted, type Pane } from "./pane";
import { labelOf, ROW, type Row } from "./shape";

const LETTER = 11;
const SIDE = 12;

/** Draw the sockets and rows of items. */
export function drawRows(pane: Pane, items: readonly Item[]): void {
  const { context, zoom, inks } = pane;
  const dots = new Map<number | null, Path2D>();
  context.font = `${LETTER * zoom}px ${inks.font}`;
  context.textBaseline = "middle";
  for (const { box, content } of items) {
    if (content.kind === "group" || content.kind === "note" || content.kind === "reroute") continue;
    const at: Point = [box[0] * zoom + pane.x, box[1] * zoom + pane.y];
    for (const { name, port } of content.inputs)
      addDot(dots, pane, at, content.shape.inputs.get(name), hueOf(port));
    for (const { name, port } of content.outputs)
      addDot(dots, pane, at, content.shape.outputs.get(name), hueOf(port));
    for (const row of content.shape.rows) drawRow(pane, at, box[2], row, "node" in content ? content : null);
  }
  for (const [hue, path] of dots) {
    context.fillStyle = inks.type(hue);
    context.fill(path);
  }
}

function addDot(
  dots: Map<number | null, Path2D>,
  { zoom }: Pane,
  at: Point,
  socket: Point | undefined,
  hue: number | null,
): void {
  if (!socket) return;
  let path = dots.get(hue);
  if (!path) dots.set(hue, (path = new Path2D()));
  const [x, y] = [at[0] + socket[0] * zoom, at[1] + socket[1] * zoom];
  path.moveTo(x + 4.5 * zoom, y);
  path.arc(x, y, 4.5 * zoom, 0, 2 * Math.PI);
}

function drawRow(pane: Pane, at: Point, width: number, row: Row, content: NodeContent | null): void {
  const { context, zoom, inks } = pane;
  const y = at[1] + (row.top + ROW / 2) * zoom;
  const room = (width - 2 * SIDE) * zoom;
  const left = at[0] + SIDE * zoom;
  const right = left + room;
  if (row.input) {
    context.fillStyle = inks.ink2;
    context.fillText(fitted(context, labelOf(row.input), room), left, y);
  }
  const value = row.input && content ? (content.node.inputs[row.input.name] ?? row.input.default) : null;
  const text = row.output ? labelOf(row.output) : value === null || isLink(value) ? "" : describe(value, 40);
  if (text === "") return;
  context.textAlign = "right";
  context.fillStyle = row.output ? inks.ink2 : inks.ink;
  context.fillText(fitted(context, text, room * (row.input ? 0.55 : 1)), right, y);
  context.textAlign = "left";
}
