import { describe, expect, test } from "vitest";

import type { Forecast, NodeProgress } from "../state/server";
import { badgeOf } from "./badge";

const progress = (state: NodeProgress["state"], rest: Partial<NodeProgress> = {}): NodeProgress => ({
  state,
  value: 0,
  max: 1,
  seconds: null,
  size: null,
  ...rest,
});
const forecast = (state: Forecast["state"], rest: Partial<Forecast> = {}): Forecast => ({
  state,
  why: "the seed differs",
  reason: null,
  seconds: null,
  peak: null,
  size: null,
  outputs: {},
  ...rest,
});

describe("the badge", () => {
  test("says nothing of a node of which nothing is known", () => {
    expect(badgeOf(undefined, undefined)).toBeNull();
  });

  test("says before a run what will run, how long it took, and why", () => {
    expect(badgeOf(undefined, forecast("runs", { seconds: 0.85 }))).toMatchObject({
      kind: "will",
      text: "~0.85 s",
      spoken: "Will run: the seed differs; took 0.85 s last time",
    });
    expect(badgeOf(undefined, forecast("cached", { size: 2048 }))).toMatchObject({ kind: "cached" });
    expect(badgeOf(undefined, forecast("idle"))).toMatchObject({ kind: "idle" });
  });

  test("says during a run how far a node is, whatever the next run would do", () => {
    const running = progress("running", { value: 5, max: 20 });
    expect(badgeOf(running, forecast("runs"))).toMatchObject({ kind: "running", text: "5/20", share: 0.25 });
    expect(badgeOf(progress("running"), undefined)).toMatchObject({ share: null, text: "" });
  });

  test("says after a run what it took, until the next one would be another", () => {
    const finished = progress("finished", { seconds: 0.85, size: 49192 });
    expect(badgeOf(finished, forecast("cached"))).toMatchObject({
      kind: "done",
      text: "0.85 s",
      spoken: "Ran in 0.85 s, keeps 48 KiB",
    });
    expect(badgeOf(finished, forecast("runs"))).toMatchObject({ kind: "will" });
  });

  test("says that a node failed, though it would run again", () => {
    expect(badgeOf(progress("failed"), forecast("runs"))).toMatchObject({ kind: "failed" });
  });
});
