/** Putting things elsewhere on a sheet: nodes, groups, notes and the ends of a subgraph alike. */

import {
  FROM_OUTSIDE,
  sheetAt,
  TO_OUTSIDE,
  withSheet,
  type Bounds,
  type Document,
  type Point,
  type SheetId,
  type Subgraph,
} from "../graph/document";
import { moveNodes } from "../graph/edit";

/** The boxes, so much further. */
export function moved(boxes: ReadonlyMap<string, Bounds>, [dx, dy]: Point): ReadonlyMap<string, Bounds> {
  return new Map([...boxes].map(([id, [x, y, width, height]]) => [id, [x + dx, y + dy, width, height]]));
}

/** The document with things at these places; of groups and notes the size is taken too. */
export function placed(document: Document, sheetId: SheetId, boxes: ReadonlyMap<string, Bounds>): Document {
  const sheet = sheetAt(document, sheetId);
  if (!sheet || boxes.size === 0) return document;
  const places = new Map<string, Point>();
  for (const [id, [x, y]] of boxes) if (id in sheet.nodes) places.set(id, [x, y]);
  const { groups, notes } = sheet;
  const framed = <T extends { readonly id: string; readonly bounds: Bounds }>(all: readonly T[]) =>
    all.map((one) => {
      const bounds = boxes.get(one.id);
      return bounds ? { ...one, bounds } : one;
    });
  const ends = boundary(sheet as Subgraph, boxes);
  return withSheet(document, sheetId, {
    ...(places.size > 0 && { nodes: moveNodes(sheet, places).nodes }),
    ...(groups && { groups: framed(groups) }),
    ...(notes && { notes: framed(notes) }),
    ...(sheetId !== null && ends && { places: ends }),
  });
}

// The ends of a subgraph that nobody has placed get both their places at once.
function boundary(sheet: Subgraph, boxes: ReadonlyMap<string, Bounds>): Subgraph["places"] | null {
  const inputs = boxes.get(FROM_OUTSIDE);
  const outputs = boxes.get(TO_OUTSIDE);
  if (!inputs && !outputs) return null;
  const at = (box: Bounds | undefined, before: Point | undefined): Point =>
    box ? [box[0], box[1]] : (before ?? [0, 0]);
  return { inputs: at(inputs, sheet.places?.inputs), outputs: at(outputs, sheet.places?.outputs) };
}
