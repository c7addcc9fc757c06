/** Places for nodes by what reads what, from left to right. Apart from `layout.ts`, since few sessions need dagre. */

import dagre from "@dagrejs/dagre";

import { around, boundsOf, type Sizes } from "./bounds";
import { isLink, nodeAt, type Bounds, type Point, type Sheet } from "./document";

const COLUMN_GAP = 60;
const ROW_GAP = 30;
// Dagre looks long for few crossings; above that the simple way is what a person will wait for.
const MOST_FOR_DAGRE = 200;

/** New places for the nodes (for these, if some are named), none on another. Their upper left corner stays where it is. */
export function arrange(sheet: Sheet, sizes: Sizes, ids?: Iterable<string>): ReadonlyMap<string, Point> {
  const wanted = ids && new Set(ids);
  const chosen = new Map<string, Bounds>();
  for (const [id, node] of Object.entries(sheet.nodes))
    if ((!wanted || wanted.has(id)) && !node._meta?.pinned) chosen.set(id, boundsOf(id, node, sizes));
  const before = around(chosen.values());
  if (!before) return new Map();
  const links = linksWithin(sheet, chosen);
  const places = chosen.size > MOST_FOR_DAGRE ? layered(chosen, links) : byDagre(chosen, links);
  const [left, top] = around([...places.values()].map(([x, y]) => [x, y, 0, 0])) ?? [0, 0];
  const [dx, dy] = [before[0] - left, before[1] - top];
  return new Map([...places].map(([id, [x, y]]) => [id, [Math.round(x + dx), Math.round(y + dy)]]));
}

type Links = readonly (readonly [from: string, to: string])[];

function linksWithin(sheet: Sheet, chosen: ReadonlyMap<string, unknown>): Links {
  const links = new Map<string, readonly [string, string]>();
  for (const id of chosen.keys())
    for (const value of Object.values(nodeAt(sheet, id)?.inputs ?? {}))
      if (isLink(value) && value[0] !== id && chosen.has(value[0]))
        links.set(`${value[0]}\n${id}`, [value[0], id]);
  return [...links.values()];
}

function byDagre(chosen: ReadonlyMap<string, Bounds>, links: Links): Map<string, Point> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", ranksep: COLUMN_GAP, nodesep: ROW_GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  // Dagre keeps its nodes in a plain object, in which "constructor" is always there.
  for (const [id, [, , width, height]] of chosen) graph.setNode(` ${id}`, { width, height });
  for (const [from, to] of links) graph.setEdge(` ${from}`, ` ${to}`);
  dagre.layout(graph);
  const places = new Map<string, Point>();
  for (const [id, [, , width, height]] of chosen) {
    const { x, y } = graph.node(` ${id}`) as { x: number; y: number };
    places.set(id, [x - width / 2, y - height / 2]);
  }
  return places;
}

// Columns by the longest way to a node; in a column, the order of what the nodes read in the column before.
function layered(chosen: ReadonlyMap<string, Bounds>, links: Links): Map<string, Point> {
  const reads = new Map<string, string[]>();
  for (const [from, to] of links) reads.set(to, [...(reads.get(to) ?? []), from]);
  const columns: string[][] = [];
  for (const [id, column] of columnsOf([...chosen.keys()], links)) (columns[column] ??= []).push(id);
  const middles = new Map<string, number>();
  const places = new Map<string, Point>();
  let x = 0;
  for (const column of columns) {
    const pull = new Map(
      column.map((id) => [id, mean((reads.get(id) ?? []).flatMap((one) => middles.get(one) ?? []))]),
    );
    column.sort((a, b) => (pull.get(a) ?? 0) - (pull.get(b) ?? 0));
    let y = 0;
    let widest = 0;
    for (const id of column) {
      const [, , width, height] = chosen.get(id) ?? [0, 0, 0, 0];
      places.set(id, [x, y]);
      middles.set(id, y + height / 2);
      y += height + ROW_GAP;
      widest = Math.max(widest, width);
    }
    x += widest + COLUMN_GAP;
  }
  return places;
}

// Nodes in a circle, and those behind one, stand left.
function columnsOf(ids: readonly string[], links: Links): Map<string, number> {
  const readers = new Map<string, string[]>(ids.map((id) => [id, []]));
  const waiting = new Map<string, number>(ids.map((id) => [id, 0]));
  for (const [from, to] of links) {
    readers.get(from)?.push(to);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const columns = new Map<string, number>(ids.map((id) => [id, 0]));
  const ready = ids.filter((id) => waiting.get(id) === 0);
  for (const id of ready)
    for (const reader of readers.get(id) ?? []) {
      columns.set(reader, Math.max(columns.get(reader) ?? 0, (columns.get(id) ?? 0) + 1));
      const left = (waiting.get(reader) ?? 0) - 1;
      waiting.set(reader, left);
      if (left === 0) ready.push(reader); // read on while it grows
    }
  return new Map(ids.map((id) => [id, waiting.get(id) ? 0 : (columns.get(id) ?? 0)]));
}

function mean(numbers: readonly number[]): number {
  return numbers.length ? numbers.reduce((sum, one) => sum + one, 0) / numbers.length : 0;
}
