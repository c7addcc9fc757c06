import { describe, expect, test } from "vitest";

import { around, boundsIn, boundsOf, holds, holdsCentre, movedBounds, USUAL_SIZE } from "./bounds";
import type { Bounds, Document, Point } from "./document";
import { documentOf, node } from "./toys";

const SHEET: Document = documentOf(
  { a: node("Empty", {}, { position: [10, 20] }), b: node("Empty") },
  {
    notes: [{ id: "note-1", text: "", bounds: [1, 2, 3, 4] }],
    groups: [{ id: "group-1", title: "", bounds: [5, 6, 7, 8] }],
  },
);

test("a node is as large as it was drawn, else as it was made, else of the usual size", () => {
  const made = node("Empty", {}, { position: [10, 20], size: [30, 40] });
  const drawn = new Map<string, Point>([["a", [50, 60]]]);
  expect(boundsOf("a", made, drawn)).toEqual([10, 20, 50, 60]);
  expect(boundsOf("b", made, drawn)).toEqual([10, 20, 30, 40]);
  expect(boundsOf("b", node("Empty"), drawn)).toEqual([0, 0, ...USUAL_SIZE]);
});

test("of a sheet all is told, or what is named: nodes, notes and groups", () => {
  expect([...boundsIn(SHEET, new Map())]).toEqual([
    ["a", [10, 20, ...USUAL_SIZE]],
    ["b", [0, 0, ...USUAL_SIZE]],
    ["note-1", [1, 2, 3, 4]],
    ["group-1", [5, 6, 7, 8]],
  ]);
  expect([...boundsIn(SHEET, new Map(), ["group-1", "b", "nobody"]).keys()]).toEqual(["b", "group-1"]);
});

test("the rectangle around several is the smallest, and there is none around none", () => {
  expect(
    around([
      [0, 0, 10, 10],
      [-5, 20, 5, 5],
      [2, -3, 30, 1],
    ]),
  ).toEqual([-5, -3, 37, 28]);
  expect(around([])).toBeNull();
});

describe("a rectangle", () => {
  const outer: Bounds = [0, 0, 100, 100];

  test("holds the middle of what sticks out by less than half", () => {
    expect(holdsCentre(outer, [-20, 10, 50, 10])).toBe(true);
    expect(holdsCentre(outer, [-30, 10, 50, 10])).toBe(false);
    expect(holdsCentre(outer, [10, 60, 10, 90])).toBe(false);
  });

  test("holds wholly what sticks out on no side", () => {
    expect(holds(outer, outer)).toBe(true);
    for (const [x, y] of [
      [-1, 0],
      [1, 0],
      [0, -1],
      [0, 1],
    ] as const)
      expect(holds(outer, movedBounds(outer, [x, y]))).toBe(false);
  });

  test("keeps its size where it is moved", () => {
    expect(movedBounds([1, 2, 3, 4], [10, -10])).toEqual([11, -8, 3, 4]);
  });
});
