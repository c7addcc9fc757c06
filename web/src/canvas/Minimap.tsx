import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef, type PointerEvent } from "react";

import type { Bounds, Point } from "../graph/document";
import { currentCamera } from "../state/canvas";
import { currentScene } from "./current";
import { drawSheet } from "./draw";
import { drawnOf, onDrawn } from "./drawn";
import { around } from "./hash";
import { inksOf, onTheme, type Inks } from "./inks";
import type { Scene } from "./model";
import { lookingAt, seen } from "./sight";
import { lookingOf } from "./useCamera";

const WIDTH = 200;
const HEIGHT = 130;
const MAP = { room: 6, least: 0 };
const NOTHING: ReadonlyMap<string, Bounds> = new Map();

/** The whole sheet in small, with the part that is seen; dragging in it moves the view. */
export function Minimap() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const store = useStoreApi();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    let inks: Inks | null = null;
    let sheet: { readonly picture: HTMLCanvasElement; readonly of: readonly unknown[] } | null = null;
    const draw = () => {
      inks ??= inksOf(element);
      const ratio = Math.min(2, window.devicePixelRatio);
      element.width = WIDTH * ratio;
      element.height = HEIGHT * ratio;
      const now = currentScene();
      const drawn = drawnOf(now, redraw.ask);
      const whole = wholeOf(now, seen(lookingOf(store)));
      const view = lookingAt(whole, WIDTH, HEIGHT, 0.2, MAP);
      // Of the sheet itself a picture is kept: while the view moves only its frame is drawn anew, and what is dragged
      // stays in its place until it is let go of.
      const of = [now.boxes, now.wires, drawn.selection, drawn.progress, inks, whole.join()];
      if (!sheet || of.some((one, place) => one !== sheet?.of[place])) {
        const picture = document.createElement("canvas");
        picture.width = element.width;
        picture.height = element.height;
        const inner = picture.getContext("2d");
        if (!inner) return;
        inner.setTransform(ratio, 0, 0, ratio, 0, 0);
        const still = { ...drawn, moving: NOTHING, itemOf: (id: string) => now.items.get(id) };
        drawSheet({ context: inner, inks, titles: false, ...view }, still, whole, now.items.size < 1000);
        sheet = { picture, of };
      }
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, element.width, element.height);
      context.drawImage(sheet.picture, 0, 0);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      frame(context, inks, seen(lookingOf(store)), view);
    };
    const redraw = onDrawn(draw);
    const stops = [
      redraw.stop,
      onTheme(() => {
        inks = null;
        redraw.ask();
      }),
      store.subscribe((now, before) => {
        if (now.transform !== before.transform || now.width !== before.width) redraw.ask();
      }),
    ];
    draw();
    return () => {
      for (const stop of stops) stop();
    };
  }, [store]);
  return (
    <canvas
      ref={canvas}
      className="minimap"
      style={{ width: WIDTH, height: HEIGHT }}
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        goTo(event);
      }}
      onPointerMove={(event) => {
        if (event.buttons === 1) goTo(event);
      }}
    />
  );
}

// All there is, and the view as far as it is not beside itself.
function wholeOf({ boxes }: Scene, view: Bounds): Bounds {
  return around(boxes.values()) ?? view;
}

function frame(
  context: CanvasRenderingContext2D,
  inks: Inks,
  part: Bounds,
  view: { x: number; y: number; zoom: number },
): void {
  const [x, y, width, height] = part;
  const box: Bounds = [x * view.zoom + view.x, y * view.zoom + view.y, width * view.zoom, height * view.zoom];
  context.strokeStyle = inks.ink2;
  context.lineWidth = 1.25;
  context.strokeRect(...box);
}

function goTo(event: PointerEvent<HTMLCanvasElement>): void {
  const camera = currentCamera();
  if (!camera) return;
  const box = event.currentTarget.getBoundingClientRect();
  const looking = camera.looking();
  const view = lookingAt(wholeOf(currentScene(), camera.visible()), WIDTH, HEIGHT, 0.2, MAP);
  const at: Point = [
    (event.clientX - box.left - view.x) / view.zoom,
    (event.clientY - box.top - view.y) / view.zoom,
  ];
  camera.show({
    x: looking.width / 2 - at[0] * looking.zoom,
    y: looking.height / 2 - at[1] * looking.zoom,
    zoom: looking.zoom,
  });
}
