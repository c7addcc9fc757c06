/** Choosing: by a click, and by a box drawn around. */

import type { Point } from "../../graph/document";
import { useCanvas } from "../../state/canvas";
import { activeTab, select } from "../../state/tabs";
import { currentScene } from "../current";
import { between, within } from "../hash";
import { hashOfItems } from "../scene";
import { track } from "./track";

/** Whether a click or box adds to what is chosen. */
export function adds(event: {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}): boolean {
  return event.shiftKey || event.ctrlKey || event.metaKey;
}

/** The ids that are chosen after a click on one. */
export function afterClick(chosen: ReadonlySet<string>, id: string, adding: boolean): ReadonlySet<string> {
  if (!adding) return chosen.has(id) && chosen.size > 1 ? chosen : new Set([id]);
  const next = new Set(chosen);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Draw a box: whatever it touches is chosen. A click on nothing chooses nothing. */
export function chooseByBox(start: PointerEvent, from: Point): void {
  const before = activeTab().selection;
  const kept = adds(start) ? before : new Set<string>();
  track(start, {
    pans: true,
    move: (at) => {
      const box = between(from, at);
      useCanvas.setState({ box });
      const scene = currentScene();
      const touched = [...within(hashOfItems(scene), box)].filter((id) => {
        const item = scene.items.get(id);
        // A frame is meant only by a box around all of it.
        return item?.content.kind !== "group" || holds(box, item.box);
      });
      const next = new Set([...kept, ...touched]);
      if (!sameIds(next, activeTab().selection)) select(next);
    },
    end: () => {
      useCanvas.setState({ box: null });
    },
    cancel: () => {
      useCanvas.setState({ box: null });
      select(before);
    },
    click: () => {
      if (!adds(start) && before.size > 0) select([]);
    },
  });
}

function holds(outer: readonly number[], inner: readonly number[]): boolean {
  const [x = 0, y = 0, width = 0, height = 0] = outer;
  const [left = 0, top = 0, wide = 0, high = 0] = inner;
  return x <= left && y <= top && left + wide <= x + width && top + high <= y + height;
}

function sameIds(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((id) => other.has(id));
}
