import { expect, test } from "vitest";

import { memoryPath, rowsOf, stepFor } from "./bars";

const TIMELINE = {
  seconds: 4,
  memory: [[0, 0] as const, [2, 50] as const, [4, 100] as const],
  spans: [
    { node: "2", what: "wait" as const, begin: 1, end: 2, lane: 0 },
    { node: "2", what: "compute" as const, begin: 2, end: 4, lane: 0 },
    { node: "1", what: "load" as const, begin: 0, end: 1, lane: 1 },
    { node: "3", what: "save" as const, begin: 3.9, end: 4, lane: 0 },
  ],
};

test("each node has a row, in the order in which they began; waiting counts as no work", () => {
  const rows = rowsOf(TIMELINE, 9);
  expect(rows.map((row) => [row.node, row.seconds])).toEqual([
    ["1", 1],
    ["2", 2],
    ["3", expect.closeTo(0.1)],
  ]);
  expect(rows[1]?.bars[1]).toEqual({ what: "compute", left: 0.5, width: 0.5, seconds: 2 });
});

test("of too many nodes those are shown that took longest", () => {
  expect(rowsOf(TIMELINE, 2).map((row) => row.node)).toEqual(["1", "2"]);
});

test("the scale has round steps", () => {
  expect([0.03, 3, 47].map((seconds) => stepFor(seconds, 4))).toEqual([0.01, 1, 20]);
});

test("the memory goes up by steps, from one end of the run to the other", () => {
  expect(memoryPath(TIMELINE.memory, 4, 100)).toBe("M0 1.0000H0.0000V1.0000H0.5000V0.5000H1.0000V0.0000H1");
});
