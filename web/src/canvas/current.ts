/** The scene of the sheet that is shown, for React and for gestures alike: made again when something that it shows has changed. */

import { useSyncExternalStore } from "react";

import type { Bounds } from "../graph/document";
import { useCanvas } from "../state/canvas";
import { useServer, type Server } from "../state/server";
import { activeTab, sheetIdOf, useTabs } from "../state/tabs";
import { itemAt } from "./items";
import type { Item, Scene, Source } from "./model";
import { sceneOf } from "./scene";

let kept: Scene | null = null;

/** The scene as it is now. */
export function currentScene(): Scene {
  const source = currentSource(kept?.source);
  if (kept?.source !== source) kept = sceneOf(source, kept);
  return kept;
}

/** The scene as it is now, and after each change. */
export function useScene(): Scene {
  return useSyncExternalStore(subscribe, currentScene);
}

function subscribe(changed: () => void): () => void {
  const stops = [useTabs.subscribe(changed), useServer.subscribe(changed)];
  return () => {
    for (const stop of stops) stop();
  };
}

// The very source of before, if all that it is made of is the same.
function currentSource(before: Source | undefined): Source {
  const tab = activeTab();
  const server = useServer.getState();
  const instances = tab.entered.map((entered) => entered.instance);
  const pictured = picturedIn(server);
  const now = { document: tab.history.now.document, sheetId: sheetIdOf(tab), specs: server.specs };
  if (!before) return { ...now, instances, pictured };
  const same =
    before.document === now.document &&
    before.sheetId === now.sheetId &&
    before.specs === now.specs &&
    before.pictured === pictured &&
    before.instances.join(":") === instances.join(":");
  return same ? before : { ...now, instances, pictured };
}

interface Pictured {
  readonly shown: Server["shown"];
  readonly previews: Server["previews"];
  readonly names: ReadonlySet<string>;
}

let pictured: Pictured | null = null;

function picturedIn({ shown, previews }: Server): ReadonlySet<string> {
  if (pictured?.shown === shown && pictured.previews === previews) return pictured.names;
  const names = new Set(Object.keys(previews));
  for (const [flat, { images, text }] of Object.entries(shown))
    if (images.length + text.length > 0) names.add(flat);
  const before = pictured?.names;
  const same = before?.size === names.size && [...names].every((name) => before.has(name));
  pictured = { shown, previews, names: same ? before : names };
  return pictured.names;
}

/** An item where it is shown: while it is dragged or resized that is not where the document has it. */
export function shownItem(
  scene: Scene,
  id: string,
  moving: ReadonlyMap<string, Bounds> = useCanvas.getState().moving,
): Item | undefined {
  const item = scene.items.get(id);
  const box = moving.get(id);
  return item && box ? itemAt(item, box) : item;
}
