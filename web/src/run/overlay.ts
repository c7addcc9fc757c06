/** What hovers over the canvas: why a node runs, and what flows through a link. One of each, wherever it belongs. */

import { create } from "zustand";

/** A place on the page. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

interface Hovering extends Spot {
  /** Opened by a click or a key: it stays until it is closed, and has the focus. */
  readonly pinned: boolean;
}

export interface Why extends Hovering {
  readonly flat: string;
}

export interface Peek extends Hovering {
  /** The node that gives the value, by its flat id. */
  readonly flat: string;
  readonly output: string;
}

export interface Overlay {
  readonly why: Why | null;
  readonly peek: Peek | null;
}

export const useOverlay = create<Overlay>(() => ({ why: null, peek: null }));

const PAUSE = 350; // milliseconds that a pointer rests before anything opens
const LEAVE = 180; // and to come from there into what has opened

let timer: ReturnType<typeof setTimeout> | undefined;

function later(pause: number, what: () => void): void {
  clearTimeout(timer);
  timer = setTimeout(what, pause);
}

/** Show why a node runs, when the pointer has rested a moment. */
export function hoverWhy(flat: string, spot: Spot): void {
  if (useOverlay.getState().why?.pinned) return;
  later(PAUSE, () => {
    useOverlay.setState({ why: { flat, ...spot, pinned: false }, peek: null });
  });
}

/** Show why a node runs, now and until it is closed. */
export function pinWhy(flat: string, spot: Spot): void {
  clearTimeout(timer);
  useOverlay.setState({ why: { flat, ...spot, pinned: true }, peek: null });
}

/** Show what a link or a socket carries, when the pointer has rested a moment. */
export function hoverPeek(flat: string, output: string, spot: Spot): void {
  if (useOverlay.getState().peek?.pinned) return;
  later(PAUSE, () => {
    useOverlay.setState({ peek: { flat, output, ...spot, pinned: false }, why: null });
  });
}

/** Show what a link or a socket carries, now and until it is closed. */
export function pinPeek(flat: string, output: string, spot: Spot): void {
  clearTimeout(timer);
  useOverlay.setState({ peek: { flat, output, ...spot, pinned: true }, why: null });
}

/** The pointer or the focus has left: what is not pinned closes. */
export function leaveOverlay(): void {
  later(LEAVE, () => {
    useOverlay.setState(({ why, peek }) => ({
      why: why?.pinned ? why : null,
      peek: peek?.pinned ? peek : null,
    }));
  });
}

/** The pointer has come into what is open: it stays. */
export function stayOverlay(): void {
  clearTimeout(timer);
}

/** Close what is open. */
export function closeOverlay(): void {
  clearTimeout(timer);
  useOverlay.setState({ why: null, peek: null });
}

/** Below an element, at its left edge. */
export function below(element: Element): Spot {
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left, y: bottom + 6 };
}
