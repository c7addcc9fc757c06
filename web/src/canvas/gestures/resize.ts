/** Giving a node, a group or a note another size, by its corner. */

import type { Bounds, Point } from "../../graph/document";
import { setMeta } from "../../graph/edit";
import { snap } from "../../graph/layout";
import { useCanvas } from "../../state/canvas";
import { useChrome } from "../../state/chrome";
import { edit, editSheet } from "../../state/tabs";
import { currentScene, shownItem } from "../current";
import { placed } from "../placing";
import { track } from "./track";

const LEAST: Point = [120, 60];

/** Drag the right lower corner of a thing; its left upper one stays. */
export function resizeItem(start: PointerEvent, id: string, from: Point): void {
  const scene = currentScene();
  const item = scene.items.get(id);
  if (!item) return;
  const [x, y, width, height] = item.box;
  track(start, {
    pans: true,
    move: (at) => {
      const { snap: toGrid, grid } = useChrome.getState().choices;
      const size: Point = [width + at[0] - from[0], height + at[1] - from[1]];
      const [wide, high] = toGrid ? snap(size, grid) : size;
      const box: Bounds = [x, y, Math.max(LEAST[0], wide), Math.max(LEAST[1], high)];
      useCanvas.setState({ moving: new Map([[id, box]]) });
    },
    end: () => {
      const shown = shownItem(currentScene(), id);
      const { moving } = useCanvas.getState();
      useCanvas.setState({ moving: new Map() });
      if (!shown) return;
      if (shown.content.kind === "node")
        editSheet("Resize", (sheet) => setMeta(sheet, id, { size: [shown.box[2], shown.box[3]] }));
      else edit("Resize", (document) => placed(document, scene.source.sheetId, moving));
    },
    cancel: () => {
      useCanvas.setState({ moving: new Map() });
    },
  });
}

/** Give a node the size that it has by itself. */
export function ownSize(id: string): void {
  editSheet("Own size", (sheet) => setMeta(sheet, id, { size: undefined }));
}
