/** One pointer, from its press to its release: what all gestures have in common. */

import type { Point } from "../../graph/document";
import { currentCamera } from "../../state/canvas";
import { notePointer } from "../useCamera";

const STILL = 4; // so far a hand moves while it clicks
const RIM = 28;
const FASTEST = 14;

export interface Gesture {
  /** The pointer has left its place: it is no click. */
  readonly begin?: () => void;
  readonly move: (at: Point, event: PointerEvent) => void;
  readonly end: (at: Point, event: PointerEvent) => void;
  /** Escape, or the system took the pointer away: all is as before. */
  readonly cancel?: () => void;
  readonly click?: (event: PointerEvent) => void;
  /** Whether the view moves along when the pointer reaches its rim. */
  readonly pans?: boolean;
}

/** Follow a pointer until it is released. `at` is always a point of the sheet. */
export function track(start: PointerEvent, gesture: Gesture): void {
  let begun = false;
  let last = start;
  let frame = 0;
  const at = (): Point => currentCamera()?.toSheet([last.clientX, last.clientY]) ?? [0, 0];
  const listeners: readonly (readonly [string, (event: never) => void])[] = [
    ["pointermove", moved],
    ["pointerup", released],
    ["pointercancel", cancelled],
    ["keydown", pressed],
  ];
  for (const [type, listener] of listeners) window.addEventListener(type, listener as EventListener, true);

  function moved(event: PointerEvent): void {
    if (event.pointerId !== start.pointerId) return;
    last = event;
    notePointer(event);
    if (!begun) {
      if (Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < STILL) return;
      begun = true;
      gesture.begin?.();
      if (gesture.pans) frame = requestAnimationFrame(pan);
    }
    gesture.move(at(), event);
  }

  function released(event: PointerEvent): void {
    if (event.pointerId !== start.pointerId) return;
    last = event;
    stop();
    if (begun) gesture.end(at(), event);
    else gesture.click?.(event);
  }

  function cancelled(event: PointerEvent): void {
    if (event.pointerId !== start.pointerId) return;
    stop();
    if (begun) gesture.cancel?.();
  }

  function pressed(event: KeyboardEvent): void {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    stop();
    if (begun) gesture.cancel?.();
  }

  function pan(): void {
    frame = requestAnimationFrame(pan);
    const by = rimSpeed(last);
    if (by[0] === 0 && by[1] === 0) return;
    currentCamera()?.pan(by);
    gesture.move(at(), last);
  }

  function stop(): void {
    cancelAnimationFrame(frame);
    for (const [type, listener] of listeners)
      window.removeEventListener(type, listener as EventListener, true);
  }
}

function rimSpeed({ clientX, clientY }: PointerEvent): Point {
  const camera = currentCamera();
  if (!camera) return [0, 0];
  const { x, y, zoom, width, height } = camera.looking();
  const [left, top] = camera.toPage([-x / zoom, -y / zoom]);
  return [speed(clientX - left, width), speed(clientY - top, height)];
}

function speed(at: number, length: number): number {
  const into = at < RIM ? at - RIM : Math.max(0, at - (length - RIM));
  return Math.max(-FASTEST, Math.min(FASTEST, into / 2));
}
