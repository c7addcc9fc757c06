/**
 * Pictures of the far view. While it is only shifted, a picture somewhat larger than the canvas is shown at another place;
 * drawn anew is only what has changed, or when the picture's edge would come into sight.
 */

import { drawSheet, type Drawn } from "./draw";
import type { Inks } from "./inks";
import { seen, type Looking } from "./sight";

const MARGIN = 0.3; // of the canvas, at each side

interface Shot {
  readonly picture: HTMLCanvasElement;
  readonly looking: Looking;
}

/** Draws the far view again and again, and keeps what can be shown once more. */
export class Shots {
  private kept: Shot | null = null;
  private before: { readonly zoom: number; readonly of: readonly unknown[] } | null = null;

  draw(context: CanvasRenderingContext2D, inks: Inks, drawn: Drawn, looking: Looking, ratio: number): void {
    const of = [
      drawn.scene,
      drawn.moving,
      drawn.selection,
      drawn.progress,
      drawn.problems,
      drawn.splice,
      inks,
      drawn.pictures,
    ];
    const shifted = this.before?.zoom === looking.zoom && same(of, this.before.of);
    this.before = { zoom: looking.zoom, of };
    if (!shifted) {
      this.kept = null;
      drawSheet({ context, inks, titles: true, ...looking }, drawn, seen(looking));
      return;
    }
    if (!this.kept || !covers(this.kept.looking, looking)) this.kept = shotOf(inks, drawn, looking, ratio);
    const { picture, looking: taken } = this.kept;
    context.drawImage(picture, looking.x - taken.x, looking.y - taken.y, taken.width, taken.height);
  }
}

// `looking.x` of the shot is measured from its own left edge, `margin` to the left of the canvas.
function shotOf(inks: Inks, drawn: Drawn, looking: Looking, ratio: number): Shot {
  const [wide, high] = [Math.round(looking.width * MARGIN), Math.round(looking.height * MARGIN)];
  const [width, height] = [looking.width + 2 * wide, looking.height + 2 * high];
  const picture = document.createElement("canvas");
  picture.width = Math.round(width * ratio);
  picture.height = Math.round(height * ratio);
  const context = picture.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  const larger = { ...looking, x: looking.x + wide, y: looking.y + high, width, height };
  if (context) drawSheet({ context, inks, titles: true, ...larger }, drawn, seen(larger));
  return { picture, looking: larger };
}

function covers(taken: Looking, looking: Looking): boolean {
  const [left, top] = [looking.x - taken.x, looking.y - taken.y];
  return left <= 0 && top <= 0 && left + taken.width >= looking.width && top + taken.height >= looking.height;
}

function same(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.every((value, place) => value === other[place]);
}
