import { describe, expect, test } from "vitest";

import { lanesOf, lineOf, type Twig } from "./lanes";

const run = (id: string, parent: string | null = null): Twig => ({ id, parent });

describe("the tree of runs", () => {
  test("is one lane where each run came from the one before", () => {
    const rows = lanesOf([run("c", "b"), run("b", "a"), run("a")]);
    expect(rows.map((row) => row.lane)).toEqual([0, 0, 0]);
    expect(rows.map((row) => row.joins)).toEqual([[], [0], [0]]);
    expect(rows.map((row) => row.on)).toEqual([true, true, false]);
  });

  test("forks where two runs came from one, and they meet at it", () => {
    const rows = lanesOf([run("d", "b"), run("c", "a"), run("b", "a"), run("a")]);
    expect(rows.map(({ id, lane }) => [id, lane])).toEqual([
      ["d", 0],
      ["c", 1],
      ["b", 0],
      ["a", 0],
    ]);
    expect(rows[2]?.passing).toEqual([1]);
    expect(rows[3]?.joins).toEqual([0, 1]);
  });

  test("gives a lane to another when its line has ended", () => {
    const rows = lanesOf([run("x"), run("y"), run("z", "gone")]);
    expect(rows.map((row) => row.lane)).toEqual([0, 0, 0]);
    expect(rows[2]?.on).toBe(false);
  });

  test("is not led astray by a run that says it came from a later one", () => {
    expect(lanesOf([run("b", "a"), run("a", "b")]).map((row) => row.on)).toEqual([true, false]);
  });
});

test("the line of a run is what it came from and what came from it", () => {
  const runs = [run("d", "b"), run("c", "a"), run("b", "a"), run("a"), run("other")];
  expect([...lineOf(runs, "b")].sort()).toEqual(["a", "b", "d"]);
  expect([...lineOf(runs, "a")].sort()).toEqual(["a", "b", "c", "d"]);
});
