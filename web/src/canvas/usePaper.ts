import { useStore } from "@xyflow/react";
import { useMemo } from "react";

import type { Bounds } from "../graph/document";
import { seen, type Looking } from "./sight";

const STEP = 4096;
const ROOM = 1024;

/** The part of the sheet on which things are drawn: much larger than what is seen, so that it seldom changes. */
export function usePaper(): Bounds {
  const text = useStore(({ transform, width, height }) =>
    paper({ x: transform[0], y: transform[1], zoom: transform[2], width, height }).join(" "),
  );
  return useMemo(() => text.split(" ").map(Number) as unknown as Bounds, [text]);
}

function paper(looking: Looking): Bounds {
  const [left, top, width, height] = seen(looking);
  const x = Math.floor((left - ROOM) / STEP) * STEP;
  const y = Math.floor((top - ROOM) / STEP) * STEP;
  const right = Math.ceil((left + width + ROOM) / STEP) * STEP;
  const bottom = Math.ceil((top + height + ROOM) / STEP) * STEP;
  return [x, y, right - x, bottom - y];
}
