import { expect, test } from "vitest";

import type { Run } from "../state/server";
import { placeAt, waitingRuns } from "./queue";

const run = (id: string, number: number, priority = 0, status: Run["status"] = "queued"): Run => ({
  id,
  status,
  number,
  priority,
  created: number,
  started: null,
  ended: null,
  batch: "",
  reason: "",
  parent: null,
  picture: null,
});

const QUEUE = [run("d", 4), run("c", 3), run("r", 0, 0, "running"), run("b", 2), run("first", 9, 1)];
const ids = (runs: readonly Run[]) => runs.map(({ id }) => id);

test("those with a higher priority are first, then those with a lower number", () => {
  expect(ids(waitingRuns(QUEUE))).toEqual(["first", "b", "c", "d"]);
});

test.each([
  ["to the very front", "d", 0],
  ["between two", "d", 2],
  ["to the end", "b", 3],
  ["out of the front", "first", 2],
])("a run moves %s", (_, id, index) => {
  const place = placeAt(waitingRuns(QUEUE), id, index);
  const moved = QUEUE.map((one) => (one.id === id ? { ...one, ...place } : one));
  expect(ids(waitingRuns(moved)).indexOf(id)).toBe(index);
});

test("alone in the queue there is nowhere to go", () => {
  expect(placeAt([run("a", 1)], "a", 0)).toBeNull();
});
