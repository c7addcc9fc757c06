import { expect, test } from "vitest";

import type { Bounds } from "../graph/document";
import { stepOf } from "./useMounted";

const AREA: Bounds = [0, 0, 1000, 1000];
const NONE: ReadonlySet<string> = new Set();
const BOXES = new Map(
  Array.from({ length: 40 }, (_, place): [string, Bounds] => [String(place), [place * 25, 490, 20, 20]]),
);
const ALL = new Set(BOXES.keys());

test("a few things are there at once", () => {
  expect(stepOf(NONE, new Set(["1", "2"]), BOXES, AREA)).toEqual(new Set(["1", "2"]));
});

test("of many things those in the middle come first", () => {
  const first = stepOf(NONE, ALL, BOXES, AREA);
  expect(first.size).toBeLessThan(ALL.size);
  expect(first.has("20")).toBe(true);
  expect(first.has("0")).toBe(false);
});

test("step by step all things come, and none goes on the way", () => {
  let now = NONE;
  for (let step = 0; step < ALL.size && now.size < ALL.size; step += 1) {
    const next = stepOf(now, ALL, BOXES, AREA);
    expect([...now].every((id) => next.has(id))).toBe(true);
    now = next;
  }
  expect(now).toEqual(ALL);
  expect(stepOf(now, ALL, BOXES, AREA)).toBe(now);
});

test("what is no longer wanted goes", () => {
  expect(stepOf(ALL, new Set(["3"]), BOXES, AREA)).toEqual(new Set(["3"]));
});
