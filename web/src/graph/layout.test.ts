import { describe, expect, test } from "vitest";

import type { Point } from "./document";
import { align, distribute, guides, snap } from "./layout";

const SIZES = new Map<string, Point>([
  ["a", [100, 20]],
  ["b", [50, 40]],
  ["c", [10, 10]],
]);
const PLACES = new Map<string, Point>([
  ["a", [0, 0]],
  ["b", [200, 100]],
  ["c", [90, 300]],
]);

describe("aligning", () => {
  test("lines up at each edge and in the middle", () => {
    const at = (to: Parameters<typeof align>[2]) => [...align(PLACES, SIZES, to).values()];
    expect(at("left")).toEqual([
      [0, 0],
      [0, 100],
      [0, 300],
    ]);
    expect(at("right")).toEqual([
      [150, 0],
      [200, 100],
      [240, 300],
    ]);
    expect(at("centre")).toEqual([
      [75, 0],
      [100, 100],
      [120, 300],
    ]);
    expect(at("top")).toEqual([
      [0, 0],
      [200, 0],
      [90, 0],
    ]);
    expect(at("bottom")).toEqual([
      [0, 290],
      [200, 270],
      [90, 300],
    ]);
    expect(at("middle")).toEqual([
      [0, 145],
      [200, 135],
      [90, 150],
    ]);
  });

  test("of nothing gives nothing", () => {
    expect(align(new Map(), SIZES, "left").size).toBe(0);
  });
});

test("distributing leaves even gaps, and the outermost where they are", () => {
  expect([...distribute(PLACES, SIZES, "horizontal")]).toEqual([
    ["a", [0, 0]],
    ["c", [145, 300]],
    ["b", [200, 100]],
  ]);
  expect([...distribute(PLACES, SIZES, "vertical")]).toEqual([
    ["a", [0, 0]],
    ["b", [200, 140]],
    ["c", [90, 300]],
  ]);
  const two = new Map([...PLACES].slice(0, 2));
  expect(distribute(two, SIZES, "vertical")).toBe(two);
});

test("points snap to the nearest of the grid, and without a grid not at all", () => {
  expect(snap([14, -16], 10)).toEqual([10, -20]);
  expect(snap([14.5, 3], 0)).toEqual([14.5, 3]);
});

describe("guides", () => {
  test("lead to the nearest level, on both axes", () => {
    const { by, lines } = guides(
      [103, 52, 50, 50],
      [
        [100, 200, 80, 20],
        [300, 50, 10, 10],
      ],
    );
    expect(by).toEqual([-3, -2]);
    expect(lines).toContainEqual({ axis: "x", at: 100, from: 52, to: 220 });
    expect(lines).toContainEqual({ axis: "y", at: 50, from: 103, to: 310 });
  });

  test("stay away where nothing is near", () => {
    expect(guides([0, 0, 10, 10], [[100, 100, 10, 10]])).toEqual({ by: [0, 0], lines: [] });
  });
});
