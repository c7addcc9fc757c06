/** Putting a new node on the sheet, wired to what it was asked for. */

import { addNode } from "../graph/add";
import { connect } from "../graph/connect";
import { positionOf, withSheet, type Point, type Sheet } from "../graph/document";
import { snap } from "../graph/layout";
import type { NodeSpec } from "../graph/specs";
import { insertOnLink } from "../graph/splice";
import type { Adding } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { edit, select } from "../state/tabs";
import { currentScene } from "./current";
import { linkBetween } from "./ends";
import { HEADER, ROW } from "./shape";

const RECENT = "weft.recent";
const KEPT = 12;
const USUAL_WIDTH = 240;

/** Add a node where the search was opened; `port` is the one of its sockets that the loose end fits. */
export function addChosen({ at, end, into }: Adding, spec: NodeSpec, port: string | null): void {
  const { sheetId, specs } = currentScene().source;
  const sheet = currentScene().sheet;
  const position = freePlace(sheet, placeFor(at, end !== null && "to" in end, end !== null));
  const { sheet: next, id } = addNode(sheet, spec, position);
  edit(`Add ${spec.title}`, (document) => {
    if (into) return insertOnLink(withSheet(document, sheetId, next), specs, sheetId, into, id);
    const own =
      port === null || !end
        ? null
        : "from" in end
          ? { to: { node: id, input: port } }
          : { from: [id, port] as const };
    const link = own && end && linkBetween(end, own);
    return withSheet(document, sheetId, link ? connect(next, link.from, link.to) : next);
  });
  select([id]);
  remember(spec.id);
}

// Without a pointer all nodes are added in the middle of the view: not one upon another.
function freePlace(sheet: Sheet, place: Point): Point {
  const taken = Object.values(sheet.nodes).some((node) => {
    const [x, y] = positionOf(node);
    return x === place[0] && y === place[1];
  });
  return taken ? freePlace(sheet, [place[0] + 40, place[1] + 40]) : place;
}

// A node that a link was drawn for has its socket where the link was let go.
function placeFor([x, y]: Point, before: boolean, wired: boolean): Point {
  const { snap: toGrid, grid } = useChrome.getState().choices;
  const place: Point = [before ? x - USUAL_WIDTH : x, wired ? y - HEADER - ROW / 2 : y];
  return toGrid ? snap(place, grid) : [Math.round(place[0]), Math.round(place[1])];
}

/** The kinds that were added last, the last one first. */
export function recentKinds(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // a browser may forbid to keep anything
  }
}

function remember(kind: string): void {
  const recent = [kind, ...recentKinds().filter((one) => one !== kind)].slice(0, KEPT);
  try {
    localStorage.setItem(RECENT, JSON.stringify(recent));
  } catch {
    // Then the search begins with the categories.
  }
}
