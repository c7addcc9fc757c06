/** What of the editor is open around the canvas, and the user's choices. Choices are kept by the server and in the browser. */

import { create } from "zustand";

export type LeftPanel = "outline" | "templates" | "files" | "queue" | "history" | "gallery";
export type RightPanel = "inspector" | "problems" | "form" | "timeline" | "compare" | "diff";
export type Dialog = "palette" | "keys" | "settings" | "missing" | "sweep" | "lightbox" | "find" | "about";

export interface Choices {
  readonly theme: "system" | "dark" | "light" | "contrast";
  readonly motion: "system" | "reduced";
  readonly grid: number;
  readonly snap: boolean;
  readonly linkStyle: "spline" | "straight" | "linear" | "hidden";
  readonly wheel: "zoom" | "pan";
  /** What dragging on the empty canvas does. */
  readonly drag: "select" | "pan";
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly minimap: boolean;
  readonly badges: boolean;
}

export interface Chrome {
  readonly left: LeftPanel | null;
  readonly right: RightPanel | null;
  readonly dialog: Dialog | null;
  /** What a dialog is about: the picture of the lightbox, the field of a sweep... */
  readonly subject: unknown;
  readonly choices: Choices;
  /** Said to screen readers, and shown for a while. */
  readonly notice: {
    readonly text: string;
    readonly tone: "info" | "good" | "bad";
    readonly at: number;
  } | null;
}

export const CHOICES: Choices = {
  theme: "system",
  motion: "system",
  grid: 20,
  snap: true,
  linkStyle: "spline",
  wheel: "zoom",
  drag: "select",
  keys: {},
  minimap: true,
  badges: true,
};

const NARROW = 900; // pixels: panels lie over the canvas there, and begin closed

export const useChrome = create<Chrome>(() => ({
  left: null,
  right: globalThis.innerWidth < NARROW ? null : "inspector",
  dialog: null,
  subject: null,
  choices: CHOICES,
  notice: null,
}));

/** Tell the user something, for eyes and screen readers alike. */
export function say(text: string, tone: "info" | "good" | "bad" = "info"): void {
  useChrome.setState({ notice: { text, tone, at: Date.now() } });
}

/** Open a dialog. */
export function openDialog(dialog: Dialog, subject: unknown = null): void {
  useChrome.setState({ dialog, subject });
}

/** Open a panel at the left, or close it if it is open. */
export function toggleLeft(panel: LeftPanel): void {
  useChrome.setState(({ left }) => ({ left: left === panel ? null : panel }));
}

/** Open a panel at the right, or close it if it is open. */
export function toggleRight(panel: RightPanel): void {
  useChrome.setState(({ right }) => ({ right: right === panel ? null : panel }));
}
