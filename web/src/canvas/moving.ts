/** What is dragged is painted apart from the rest, which then need not be painted anew with every step. */

import type { Bounds } from "../graph/document";

const MOST = 24; // layers that the browser puts together: more would take longer than to paint

export function isPaintedApart(moving: ReadonlyMap<string, Bounds>): boolean {
  return moving.size > 0 && moving.size <= MOST;
}
