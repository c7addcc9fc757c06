import { expect, test } from "vitest";

import { unheard, type RunState } from "../state/liveRun";
import { titleFor } from "./title";

const node = { state: "running", value: 5, max: 8, seconds: null, size: null } as const;
const going: RunState = { ...unheard("r", { "1": 1 }), status: "running", progress: { "1": node } };

test.each([
  ["a run that goes on", titleFor(going, 2, false, undefined, "Cat"), "62 % Weft"],
  ["runs that wait", titleFor(undefined, 2, false, undefined, "Cat"), "2 waiting – Weft"],
  ["a queue that rests", titleFor(undefined, 2, true, undefined, "Cat"), "Paused, 2 waiting – Weft"],
  [
    "an end that nobody saw",
    titleFor(undefined, 0, false, { ...going, status: "done" }, "Cat"),
    "Done – Weft",
  ],
  ["nothing", titleFor(undefined, 0, false, undefined, "Cat"), "Cat – Weft"],
])("the title tells of %s", (_, title, expected) => {
  expect(title).toBe(expected);
});
