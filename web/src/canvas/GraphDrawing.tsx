import { useEffect, useRef } from "react";

import type { Bounds, Document } from "../graph/document";
import type { Specs } from "../graph/specs";
import { drawSheet, type Drawn } from "./draw";
import { around } from "./hash";
import { inksOf, onTheme } from "./inks";
import type { Scene } from "./model";
import { sceneOf } from "./scene";
import { lookingAt } from "./sight";

const FRAME = { room: 8, least: 0 };

/** A small drawing of a graph that is not open: its nodes in the colours of what they give, and their links. */
export function GraphDrawing({ document, specs }: { readonly document: Document; readonly specs: Specs }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const drawn = asItLies(
      sceneOf({ document, sheetId: null, specs, instances: [], pictured: new Set() }, null),
    );
    draw(element, drawn);
    return onTheme(() => {
      draw(element, drawn);
    });
  }, [document, specs]);
  return <canvas ref={canvas} className="card-picture" aria-hidden />;
}

function draw(element: HTMLCanvasElement, drawn: Drawn): void {
  const context = element.getContext("2d");
  const whole = around(drawn.scene.boxes.values());
  if (!context || !whole) return;
  const { clientWidth: width, clientHeight: height } = element;
  const ratio = Math.min(2, window.devicePixelRatio);
  element.width = width * ratio;
  element.height = height * ratio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const view = lookingAt(whole, width, height, 0.3, FRAME);
  drawSheet({ context, inks: inksOf(element), titles: false, ...view }, drawn, whole);
}

const STILL: ReadonlyMap<string, Bounds> = new Map();

// Nothing of it is chosen, runs, or is being moved.
function asItLies(scene: Scene): Drawn {
  return {
    scene,
    itemOf: (id) => scene.items.get(id),
    moving: STILL,
    selection: new Set(),
    progress: {},
    isWrong: () => false,
    splice: null,
    problems: null,
    pictures: null,
    pictureOf: () => null,
  };
}
