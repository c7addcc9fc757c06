/** A 2D canvas on which a sheet is drawn, and texts cut to the room that there is. */

import type { Inks } from "./inks";

/** What is drawn on, and from where it is seen. */
export interface Pane {
  readonly context: CanvasRenderingContext2D;
  /** From the sheet to the pane. */
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly inks: Inks;
  /** Whether there is room for words. */
  readonly titles: boolean;
}

const CUT = new Map<string, string>();

/** As much of a text as there is room for. Measuring is slow, and the same texts come again in each picture: they are kept. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  const key = `${context.font}\n${Math.round(width)}\n${text}`;
  const known = CUT.get(key);
  if (known !== undefined) return known;
  let cut = text.slice(0, 80);
  while (cut.length > 1 && context.measureText(cut).width > width)
    cut = cut.slice(0, Math.max(1, cut.length - 2));
  const shown = cut === text ? text : `${cut.slice(0, -1)}…`;
  if (CUT.size > 4000) CUT.clear();
  CUT.set(key, shown);
  return shown;
}
