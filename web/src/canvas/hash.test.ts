import { expect, test } from "vitest";

import type { Bounds } from "../graph/document";
import { chance } from "../graph/toys";
import { around, between, hashOf, overlap, within } from "./hash";

function boxes(count: number, most: number): ReadonlyMap<string, Bounds> {
  const next = chance(5);
  return new Map(
    Array.from({ length: count }, (_, place) => [
      String(place),
      [next() * 8000 - 4000, next() * 8000 - 4000, next() * most, next() * most] as const,
    ]),
  );
}

test.each([40, 900, 9000])(
  "what lies in an area is found as if all were looked at (boxes up to %i wide)",
  (most) => {
    const all = boxes(600, most);
    const hash = hashOf(all);
    for (const area of boxes(50, 2500).values()) {
      const looked = [...all].filter(([, box]) => overlap(box, area)).map(([id]) => id);
      expect([...within(hash, area)].sort()).toEqual(looked.sort());
    }
  },
);

test("a question about everything is answered too", () => {
  const all = boxes(100, 200);
  expect(within(hashOf(all), [-1e9, -1e9, 2e9, 2e9]).size).toBe(100);
});

test("the box around nothing is none", () => {
  expect(around([])).toBeNull();
  expect(around([[0, 0, 10, 10], [20, -5, 10, 10]])).toEqual([0, -5, 30, 15]); // prettier-ignore
});

test("a box is drawn in any direction", () => {
  expect(between([10, 10], [4, 30])).toEqual([4, 10, 6, 20]);
});
