/** Dragging nodes, groups and notes: they snap, they can be cloned on the way, and a node let go on a link is put into it. */

import { duplicate } from "../../graph/clipboard";
import type { Bounds, Document, End, Point } from "../../graph/document";
import { membersOf } from "../../graph/groups";
import { guides, snap } from "../../graph/layout";
import { insertOnLink, passageOn } from "../../graph/splice";
import { currentCamera, sizesOf, useCanvas } from "../../state/canvas";
import { useChrome } from "../../state/chrome";
import { activeTab, edit, select, sheetIdOf, undoStep } from "../../state/tabs";
import { currentScene } from "../current";
import { around, within } from "../hash";
import { moved, placed } from "../placing";
import { hashOfItems } from "../scene";
import { distanceTo, endsOfWire, hashOfWires, pointsOf, wiresByKey } from "../wires";
import { adds, afterClick } from "./choose";
import { track } from "./track";

const NEAR = 7; // pixels within which an edge is drawn to another
const REACH = 26;

let gestures = 0;

/** Drag what was pressed, and all else that is chosen with it. */
export function dragItems(start: PointerEvent, id: string, from: Point): void {
  const before = activeTab().selection;
  const chosen = before.has(id) ? before : afterClick(before, id, adds(start));
  if (!before.has(id)) select(chosen);
  const gesture = `drag-${String((gestures += 1))}`;
  let held: ReadonlyMap<string, Bounds> = new Map();
  let cloned = false;
  let splice: End | null = null;

  track(start, {
    pans: true,
    begin: () => {
      if (start.altKey) cloned = clone(gesture);
      held = draggable(activeTab().selection);
    },
    move: (at, event) => {
      const by: Point = [at[0] - from[0], at[1] - from[1]];
      const { by: snapped, lines } = snappedTo(held, by, event.ctrlKey || event.metaKey);
      const moving = moved(held, snapped);
      splice = held.size === 1 ? spliceFor(moving) : null;
      useCanvas.setState({
        moving,
        guides: lines,
        splice: splice && `${splice.node}\n${splice.input}`,
      });
    },
    end: () => {
      const { moving } = useCanvas.getState();
      const { source } = currentScene();
      const [only] = moving.keys();
      const into = splice;
      useCanvas.setState({ moving: new Map(), guides: [], splice: null });
      const label = cloned
        ? "Clone"
        : into
          ? "Insert into link"
          : moving.size === 1
            ? "Move"
            : `Move ${moving.size}`;
      edit(
        label,
        (document): Document => {
          const next = placed(document, source.sheetId, moving);
          return into && only !== undefined
            ? insertOnLink(next, source.specs, source.sheetId, into, only)
            : next;
        },
        gesture,
      );
    },
    cancel: () => {
      useCanvas.setState({ moving: new Map(), guides: [], splice: null });
      if (cloned) undoStep();
    },
    click: (event) => {
      if (event.button === 0 && (before.has(id) || adds(start)))
        select(adds(start) ? afterClick(before, id, true) : [id]);
    },
  });
}

function clone(gesture: string): boolean {
  const tab = activeTab();
  let ids: readonly string[] = [];
  edit(
    "Clone",
    (document) => {
      const cloned = duplicate(document, sheetIdOf(tab), tab.selection, [0, 0]);
      ids = cloned.ids;
      return cloned.document;
    },
    gesture,
  );
  if (ids.length > 0) select(ids);
  return ids.length > 0;
}

// What is pinned stays; a group takes along what lies in it.
function draggable(ids: ReadonlySet<string>): ReadonlyMap<string, Bounds> {
  const scene = currentScene();
  const sizes = sizesOf();
  const held = new Map<string, Bounds>();
  const hold = (id: string) => {
    const item = scene.items.get(id);
    if (!item) return;
    const pinned = item.content.kind === "node" && item.content.node._meta?.pinned === true;
    if (!pinned) held.set(id, item.box);
  };
  for (const id of ids) {
    hold(id);
    const content = scene.items.get(id)?.content;
    if (content?.kind === "group") membersOf(scene.sheet, content.group, sizes).forEach(hold);
  }
  return held;
}

function snappedTo(held: ReadonlyMap<string, Bounds>, by: Point, free: boolean) {
  const { snap: toGrid, grid } = useChrome.getState().choices;
  const box = around(held.values());
  if (!box || free) return { by, lines: [] };
  const here: Bounds = [box[0] + by[0], box[1] + by[1], box[2], box[3]];
  const scene = currentScene();
  const zoom = currentCamera()?.looking().zoom ?? 1;
  const room = 1200;
  const others =
    held.size > 100
      ? []
      : [
          ...within(hashOfItems(scene), [
            here[0] - room,
            here[1] - room,
            here[2] + 2 * room,
            here[3] + 2 * room,
          ]),
        ]
          .filter((id) => !held.has(id) && scene.items.get(id)?.content.kind !== "group")
          .map((id) => scene.boxes.get(id))
          .filter((found) => found !== undefined);
  const found = guides(here, others, NEAR / zoom);
  const [gx, gy] = toGrid ? snap([here[0], here[1]], grid) : [here[0], here[1]];
  const upright = found.lines.some((line) => line.axis === "x");
  const level = found.lines.some((line) => line.axis === "y");
  return {
    by: [
      by[0] + (upright ? found.by[0] : gx - here[0]),
      by[1] + (level ? found.by[1] : gy - here[1]),
    ] as Point,
    lines: found.lines,
  };
}

// The link that runs through the middle of a node that would fit into it.
function spliceFor(moving: ReadonlyMap<string, Bounds>): End | null {
  const [entry] = moving;
  if (!entry) return null;
  const [id, [x, y, width, height]] = entry;
  const scene = currentScene();
  if (scene.items.get(id)?.content.kind !== "node" && scene.items.get(id)?.content.kind !== "reroute")
    return null;
  const middle: Point = [x + width / 2, y + Math.min(height / 2, REACH * 2)];
  const area: Bounds = [middle[0] - REACH, middle[1] - REACH, 2 * REACH, 2 * REACH];
  const byKey = wiresByKey(scene);
  let best: { readonly end: End; readonly far: number } | null = null;
  for (const key of within(hashOfWires(scene), area)) {
    const wire = byKey.get(key);
    if (!wire || wire.node === id || wire.from[0] === id) continue;
    const ends = endsOfWire(wire, (one) => scene.items.get(one));
    if (!ends) continue;
    const far = distanceTo(
      pointsOf(...ends, useChrome.getState().choices.linkStyle === "linear" ? "linear" : "spline"),
      middle,
    );
    if (far < REACH && far < (best?.far ?? Infinity))
      best = { end: { node: wire.node, input: wire.input }, far };
  }
  if (!best) return null;
  const { document, specs, sheetId } = scene.source;
  return passageOn(document, specs, sheetId, best.end, id) ? best.end : null;
}
