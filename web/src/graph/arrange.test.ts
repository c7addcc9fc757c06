import { describe, expect, test } from "vitest";

import { arrange } from "./arrange";
import { boundsIn } from "./bounds";
import type { Bounds, Point, Sheet } from "./document";
import { linksOf, moveNodes, removeNodes } from "./edit";
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

  test("stacks what stands beside each other in the order of what it reads, also when there are many", () => {
    const rows = Array.from({ length: 150 }, (_, at) => at);
    const sources = rows.map((at) => [`s${at}`, node("Invert", {}, { position: [0, at * 200] })] as const);
    const readers = rows
      .toReversed()
      .map((at) => [`r${at}`, node("Invert", { image: [`s${at}`, "image"] }, { position: [0, 0] })] as const);
    const places = arrange(documentOf(Object.fromEntries([...sources, ...readers])), new Map());
    const heights = rows.map((at) => places.get(`r${at}`)?.[1] ?? NaN);
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect(new Set([...places.values()].map(([x]) => x)).size).toBe(2);
  });

  test("knows nodes by any name", () => {
    const odd = documentOf({
      constructor: node("Empty"),
      toString: node("Decode", { samples: ["constructor", "latent"] }),
    });
    expect(arrange(odd, new Map()).size).toBe(2);
  });
});
