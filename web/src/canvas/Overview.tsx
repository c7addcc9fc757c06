import { useStoreApi } from "@xyflow/react";
import { useEffect, useRef } from "react";

import { drawnOf, onDrawn } from "./drawn";
import { currentScene } from "./current";
import { inksOf, onTheme, type Inks } from "./inks";
import type { Scene } from "./model";
import { Shots } from "./shots";
import { lookingOf } from "./useCamera";

/** The sheet seen from afar, drawn as a picture. What is pressed in it is found by numbers (`gestures/under.ts`). */
export function Overview({ scene }: { readonly scene: Scene }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const store = useStoreApi();
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context) return;
    let inks: Inks | null = null;
    const shots = new Shots();
    const draw = () => {
      inks ??= inksOf(element);
      const looking = lookingOf(store);
      const ratio = sized(element, context, looking.width, looking.height);
      const drawn = drawnOf(currentScene(), redraw.ask);
      shots.draw(context, inks, drawn, looking, ratio);
    };
    const redraw = onDrawn(draw);
    const stopTheme = onTheme(() => {
      inks = null;
      redraw.ask();
    });
    // Drawn with the move itself, not a frame later, so that it does not lag behind the pointer.
    const stopMoves = store.subscribe((now, before) => {
      if (now.transform !== before.transform || now.width !== before.width || now.height !== before.height)
        redraw.ask();
    });
    draw();
    return () => {
      redraw.stop();
      stopTheme();
      stopMoves();
    };
  }, [store]);
  return (
    <>
      <canvas ref={canvas} className="overview" aria-hidden />
      <p className="unseen">
        Overview of {scene.items.size} things. Zoom in to reach them, or use the outline.
      </p>
    </>
  );
}

// Gives how many dots of the screen a pixel has.
function sized(
  element: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
): number {
  const ratio = Math.min(2, window.devicePixelRatio);
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== wide || element.height !== high) {
    element.width = wide;
    element.height = high;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return ratio;
}
