/** Which of the things in sight are there as elements: many that come into sight at once come a few in each frame. */

import { useEffect, useMemo, useState } from "react";

import type { Bounds } from "../graph/document";

const AT_ONCE = 6; // so few do not make a frame late
const EACH_FRAME = 3;
const FIRST = 12;

/** The wanted things that are mounted now; the others follow, those in the middle of an area first. */
export function useMounted(
  wanted: ReadonlySet<string>,
  boxes: ReadonlyMap<string, Bounds>,
  area: Bounds,
): { readonly mounted: ReadonlySet<string>; readonly waiting: number } {
  const [kept, setKept] = useState<ReadonlySet<string>>(NONE);
  const mounted = useMemo(() => stepOf(kept, wanted, boxes, area), [kept, wanted, boxes, area]);
  const waiting = wanted.size - mounted.size;
  useEffect(() => {
    if (mounted === kept) return;
    const step = () => {
      // A view that is shifted has the picture from afar behind it: what is to come waits until it rests.
      if (mounted.size < wanted.size && isShifted()) frame = requestAnimationFrame(step);
      else setKept(mounted);
    };
    let frame = requestAnimationFrame(step);
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [mounted, kept, wanted]);
  return { mounted, waiting };
}

const NONE: ReadonlySet<string> = new Set();

function isShifted(): boolean {
  return document.documentElement.hasAttribute("data-shifting");
}

/** What is mounted after what was: all that is wanted, if that is not much more, else some more of it. */
export function stepOf(
  before: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
  boxes: ReadonlyMap<string, Bounds>,
  area: Bounds,
): ReadonlySet<string> {
  const stays = [...wanted].filter((id) => before.has(id));
  const missing = [...wanted].filter((id) => !before.has(id));
  if (missing.length === 0) return stays.length === before.size ? before : wanted;
  if (missing.length <= AT_ONCE) return wanted;
  const [x, y] = [area[0] + area[2] / 2, area[1] + area[3] / 2];
  const far = (id: string) => {
    const box = boxes.get(id);
    return box ? Math.hypot(box[0] + box[2] / 2 - x, box[1] + box[3] / 2 - y) : 0;
  };
  const nearest = missing
    .map((id) => [far(id), id] as const)
    .sort(([one], [other]) => one - other)
    .slice(0, stays.length === 0 ? FIRST : EACH_FRAME);
  return new Set([...stays, ...nearest.map(([, id]) => id)]);
}
