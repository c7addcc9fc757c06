import { describe, expect, test } from "vitest";

import type { Point } from "../graph/document";
import { comesInto, cross, distanceTo, middleOf, pathOf, pointsOf } from "./wires";

const A: Point = [0, 0];
const B: Point = [200, 100];

describe.each(["spline", "straight", "linear"] as const)("a link drawn as %s", (look) => {
  test("goes from the one socket to the other", () => {
    const points = pointsOf(A, B, look);
    expect([points[0], points.at(-1)]).toEqual([A, B]);
    expect(pathOf(A, B, look).startsWith("M0,0")).toBe(true);
  });

  test("is cut by a stroke across it, not by one beside it", () => {
    const points = pointsOf(A, B, look);
    expect(cross([[100, -50], [100, 200]], points)).toBe(true); // prettier-ignore
    expect(cross([[300, -50], [300, 200]], points)).toBe(false); // prettier-ignore
  });
});

test("a point on a way is no distance from it", () => {
  expect(distanceTo(pointsOf(A, B, "spline"), middleOf(A, B))).toBeLessThan(1);
  expect(distanceTo([A, [10, 0]], [5, 7])).toBe(7);
  expect(distanceTo([A, [10, 0]], [14, 3])).toBe(5);
});

test("a long link is not everywhere in the box around it", () => {
  expect(comesInto([0, 0], [1000, 1000], [450, 450, 100, 100])).toBe(true);
  expect(comesInto([0, 0], [1000, 1000], [0, 800, 100, 100])).toBe(false);
});
