/** The editor's state as the drawing code takes it, and when it has to draw again. */

import type { Bounds } from "../graph/document";
import { useCanvas } from "../state/canvas";
import { useServer } from "../state/server";
import { activeTab, useTabs } from "../state/tabs";
import type { Drawn } from "./draw";
import { itemAt } from "./items";
import type { Item, Scene } from "./model";
import { problemsByNode } from "./problems";
import { loadedPictures, thumbnail } from "./thumbnails";

/** All that is drawn of a scene, as it is now. */
export function drawnOf(scene: Scene, redraw: () => void): Drawn {
  const { moving, splice } = useCanvas.getState();
  const { progress, failure, problems, previews } = useServer.getState();
  const wrong = problemsByNode(problems);
  return {
    scene,
    moving,
    splice,
    progress,
    isWrong: (flat) => wrong.has(flat) || failure?.node === flat,
    itemOf: itemsOf(scene, moving),
    selection: activeTab().selection,
    problems: failure ?? problems,
    pictures: loadedPictures() + Object.keys(previews).length,
    pictureOf: (flat) => thumbnail(flat, redraw),
  };
}

function itemsOf(scene: Scene, moving: ReadonlyMap<string, Bounds>): (id: string) => Item | undefined {
  if (moving.size === 0) return (id) => scene.items.get(id);
  const shifted = new Map<string, Item | undefined>();
  return (id) => {
    const box = moving.get(id);
    const item = scene.items.get(id);
    if (!box || !item) return item;
    const known = shifted.get(id);
    if (known) return known;
    const made = itemAt(item, box);
    shifted.set(id, made);
    return made;
  };
}

/** Call before the next frame after anything that is drawn has changed; gives the way to stop. */
export function onDrawn(draw: () => void): { readonly stop: () => void; readonly ask: () => void } {
  let frame = 0;
  const ask = () => {
    if (frame === 0)
      frame = requestAnimationFrame(() => {
        frame = 0;
        draw();
      });
  };
  const stops = [useTabs.subscribe(ask), useServer.subscribe(ask), useCanvas.subscribe(ask)];
  return {
    ask,
    stop: () => {
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
    },
  };
}
