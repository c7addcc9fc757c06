import { useReactFlow, useStore, useStoreApi } from "@xyflow/react";
import { useEffect } from "react";

import type { Bounds, Point } from "../graph/document";
import { attachCamera, type Camera } from "../state/canvas";
import { activeTab, changeTab, sheetIdOf, useTabs, type View } from "../state/tabs";
import { currentScene } from "./current";
import { around } from "./hash";
import { lookingAt, LEAST_ZOOM, MOST_ZOOM, seen, type Looking } from "./sight";

type Store = ReturnType<typeof useStoreApi>;
type Flow = ReturnType<typeof useReactFlow>;
type Size = Pick<Looking, "width" | "height">;

/** Let other parts of the editor turn the view, and keep for each sheet how it was last seen. */
export function useCamera(): void {
  const store = useStoreApi();
  const flow = useReactFlow();
  const ready = useStore(({ width, panZoom }) => width > 0 && panZoom !== null);
  const place = useTabs((tabs) => placeKey(tabs));
  useEffect(() => attachCamera(cameraOf(store, flow)), [store, flow]);
  useEffect(() => {
    if (!ready) return;
    const tab = activeTab();
    const view = tab.views[sheetIdOf(tab) ?? ""];
    if (view) void flow.setViewport(view);
    else void flow.setViewport(whole(sizeNow(store)));
  }, [place, flow, store, ready]);
}

/** Remember how the sheet is seen now. */
export function keepView(view: View): void {
  const key = sheetIdOf(activeTab()) ?? "";
  changeTab((tab) => ({ views: { ...tab.views, [key]: view } }));
}

function placeKey(tabs: Parameters<typeof activeTab>[0]): string {
  const tab = activeTab(tabs);
  return `${tab.id}\n${tab.entered.map((entered) => entered.instance).join(":")}`;
}

/** How the canvas is seen now. */
export function lookingOf(store: Store): Looking {
  const { transform, width, height } = store.getState();
  return { x: transform[0], y: transform[1], zoom: transform[2], width, height };
}

// Asked of the page: a panel that has just been closed has made room of which the store does not know yet.
function sizeNow(store: Store): Size {
  const { domNode, width, height } = store.getState();
  return domNode ? { width: domNode.clientWidth, height: domNode.clientHeight } : { width, height };
}

function whole({ width, height }: Size): View {
  const box = around(currentScene().boxes.values());
  return box ? lookingAt(box, width, height, 1) : { x: width / 2, y: height / 2, zoom: 1 };
}

function cameraOf(store: Store, flow: Flow): Camera {
  const calm = () => ({ duration: reducedMotion() ? 0 : 220 });
  const boxesOf = (ids: readonly string[]) =>
    ids.map((id) => currentScene().boxes.get(id)).filter((box) => box !== undefined);
  const look = (area: Bounds | null, most: number) => {
    const { width, height } = store.getState();
    if (area) void flow.setViewport(lookingAt(area, width, height, most), calm());
  };
  const rect = () => store.getState().domNode?.getBoundingClientRect();
  const toSheet = ([x, y]: Point): Point => {
    const looking = lookingOf(store);
    const box = rect();
    return [
      (x - (box?.left ?? 0) - looking.x) / looking.zoom,
      (y - (box?.top ?? 0) - looking.y) / looking.zoom,
    ];
  };
  const centre = (): Point => {
    const [x, y, width, height] = seen(lookingOf(store));
    return [x + width / 2, y + height / 2];
  };
  return {
    centreOn: (ids) => {
      const area = around(boxesOf(ids));
      if (!area) return;
      const { zoom } = lookingOf(store);
      look(area, Math.max(zoom, 0.7));
    },
    fit: (ids) => {
      look(around(ids ? boxesOf(ids) : currentScene().boxes.values()), ids ? 1.25 : 1);
    },
    zoomTo: (zoom) => void flow.zoomTo(within(zoom), calm()),
    zoomBy: (factor) => void flow.zoomTo(within(lookingOf(store).zoom * factor), calm()),
    pan: ([dx, dy]) => {
      const { x, y, zoom } = lookingOf(store);
      void flow.setViewport({ x: x - dx, y: y - dy, zoom });
    },
    pointAtCentre: centre,
    pointed: () => pointer !== null && isOver(pointer),
    pointAtPointer: () => (pointer && isOver(pointer) ? toSheet(pointer) : centre()),
    toSheet,
    toPage: ([x, y]) => {
      const looking = lookingOf(store);
      const box = rect();
      return [
        x * looking.zoom + looking.x + (box?.left ?? 0),
        y * looking.zoom + looking.y + (box?.top ?? 0),
      ];
    },
    sizesOf: () => new Map([...currentScene().boxes].map(([id, box]) => [id, [box[2], box[3]]])),
    visible: () => seen(lookingOf(store)),
    show: (view) => void flow.setViewport(view),
    looking: () => lookingOf(store),
  };

  function isOver([x, y]: Point): boolean {
    const box = rect();
    return !!box && x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
  }
}

let pointer: Point | null = null;

/** Remember where on the page the pointer is: what is added or pasted goes there. */
export function notePointer(event: { readonly clientX: number; readonly clientY: number }): void {
  pointer = [event.clientX, event.clientY];
}

function within(zoom: number): number {
  return Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, zoom));
}

/** Whether the user, or the system, wants nothing to move that need not. */
export function reducedMotion(): boolean {
  return (
    document.documentElement.dataset["motion"] === "reduced" ||
    window.matchMedia("(prefers-reduced-motion: reduce)").matches
  );
}
