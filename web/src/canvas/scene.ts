/**
 * What the canvas shows of a sheet: its nodes, groups and notes with their places, and the links between their sockets. After
 * an edit the new scene shares with the old one whatever did not change, so that only that is drawn again.
 */

import { sheetAt, type Bounds, type Group, type Note, type Subgraph } from "../graph/document";
import { hashOf, type Hash } from "./hash";
import { boundaryItems, nodeItem } from "./items";
import type { Item, Scene, Source } from "./model";
import { wiresOf } from "./wires";

/** The scene of a sheet, made with as much as possible of the one before. */
export function sceneOf(source: Source, before: Scene | null): Scene {
  const sheet = sheetAt(source.document, source.sheetId) ?? source.document;
  const items = new Map<string, Item>();
  for (const group of sheet.groups ?? []) items.set(group.id, groupItem(group, before?.items.get(group.id)));
  for (const note of sheet.notes ?? []) items.set(note.id, noteItem(note, before?.items.get(note.id)));
  for (const [id, node] of Object.entries(sheet.nodes))
    items.set(id, nodeItem(source, sheet, id, node, before?.items.get(id)));
  if (source.sheetId !== null)
    for (const item of boundaryItems(source, source.sheetId, sheet as Subgraph, items))
      items.set(item.id, item);
  const boxes = before && sameBoxes(items, before.boxes) ? before.boxes : boxesOf(items);
  return { source, sheet, items, boxes, wires: wiresOf(source, sheet, items, before) };
}

const HASHES = new WeakMap<ReadonlyMap<string, Bounds>, Hash>();

/** Where the items lie. */
export function hashOfItems({ boxes }: Pick<Scene, "boxes">): Hash {
  let hash = HASHES.get(boxes);
  if (!hash) {
    hash = hashOf(boxes);
    HASHES.set(boxes, hash);
  }
  return hash;
}

function boxesOf(items: ReadonlyMap<string, Item>): ReadonlyMap<string, Bounds> {
  return new Map([...items].map(([id, item]) => [id, item.box]));
}

function sameBoxes(items: ReadonlyMap<string, Item>, boxes: ReadonlyMap<string, Bounds>): boolean {
  if (boxes.size !== items.size) return false;
  for (const [id, { box }] of items) {
    const was = boxes.get(id);
    if (was !== box && (!was || was.some((one, place) => one !== box[place]))) return false;
  }
  return true;
}

function groupItem(group: Group, before: Item | undefined): Item {
  return before?.content.kind === "group" && before.content.group === group
    ? before
    : { id: group.id, box: group.bounds, content: { kind: "group", id: group.id, group } };
}

function noteItem(note: Note, before: Item | undefined): Item {
  return before?.content.kind === "note" && before.content.note === note
    ? before
    : { id: note.id, box: note.bounds, content: { kind: "note", id: note.id, note } };
}
