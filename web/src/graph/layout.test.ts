import { describe, expect, test } from "vitest";

import { arrange } from "./arrange";
import { boundsIn } from "./bounds";
import type { Bounds, Point, Sheet } from "./document";
import { linksOf, moveNodes, removeNodes } from "./edit";
import { align, distribute, guides, snap } from "./layout";
import { chance, documentOf, manyNodes, node, TEXT_TO_IMAGE } from "./toys";

function sizesOf(sheet: Sheet, random: () => number): ReadonlyMap<string, Point> {
  return new Map(
    Object.keys(sheet.nodes).map((id) => [
      id,
      [80 + Math.round(random() * 300), 30 + Math.round(random() * 500)],
    ]),
  );
}

/** Pairs that lie on one another: only those next to each other from left to right are compared. */
function overlaps(all: ReadonlyMap<string, Bounds>): readonly string[] {
  const order = [...all].sort(([, a], [, b]) => a[0] - b[0]);
  return order.flatMap(([id, one], at) => {
    const found: string[] = [];
    for (const [other, two] of order.slice(at + 1)) {
      if (two[0] >= one[0] + one[2]) break;
      if (two[1] < one[1] + one[3] && one[1] < two[1] + two[3]) found.push(`${id} and ${other}`);
    }
    return found;
  });
}

describe("arranging", () => {
  test("puts no node on another, and each right of what it reads", () => {
    for (const [seed, count] of [
      [1, 10],
      [2, 40],
      [3, 500],
    ] as const) {
      const random = chance(seed);
      const sheet = manyNodes(count, random);
      const sizes = sizesOf(sheet, random);
      const next = moveNodes(sheet, arrange(sheet, sizes));
      const bounds = boundsIn(next, sizes);
      expect(overlaps(bounds)).toEqual([]);
      for (const { from, node: id } of linksOf(next)) {
        const [left, , width] = bounds.get(from[0]) ?? [0, 0, 0, 0];
        expect(bounds.get(id)?.[0]).toBeGreaterThanOrEqual(left + width);
      }
    }
  });

  test("keeps the upper left corner, and moves only what is chosen and not pinned", () => {
    const places = arrange(TEXT_TO_IMAGE, new Map(), ["negative", "sample", "nobody"]);
    expect([...places.keys()]).toEqual(["negative", "sample"]);
    expect(places.get("negative")).toEqual([300, 0]);
    const pinned = documentOf({ a: node("Empty", {}, { pinned: true }), b: node("Empty") });
    expect([...arrange(pinned, new Map()).keys()]).toEqual(["b"]);
    expect(
      arrange(removeNodes(TEXT_TO_IMAGE, new Set(Object.keys(TEXT_TO_IMAGE.nodes))), new Map()).size,
    ).toBe(0);
  });

  test("comes to an end with circles, and with 5,000 nodes", () => {
    const circle = documentOf({
      a: node("Invert", { image: ["b", "image"] }),
      b: node("Invert", { image: ["a", "image"] }),
    });
    expect(overlaps(boundsIn(moveNodes(circle, arrange(circle, new Map())), new Map()))).toEqual([]);
    const large = manyNodes(5000, chance(9));
    expect(arrange(large, new Map()).size).toBe(5000);
  });

  test("knows nodes by any name", () => {
    const odd = documentOf({
      constructor: node("Empty"),
      toString: node("Decode", { samples: ["constructor", "latent"] }),
    });
    expect(arrange(odd, new Map()).size).toBe(2);
  });
});

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
