import { describe, expect, test } from "vitest";

import type { Message, NodeStateShape } from "../wire/messages";
import type { WholeRun } from "../wire/shapes";
import { expecting, fromHistory, heard, isOver, shareOf, shownIn, unheard, type RunState } from "./liveRun";

const start: Message = { type: "execution_start", data: { prompt_id: "r", at: "1.0", timestamp: 0 } };

function after(...messages: readonly Message[]): RunState {
  return messages.reduce(heard, unheard("r", { "1": 3, "2": 1 }));
}

function state(node: string, rest: Partial<NodeStateShape> = {}): Message {
  const one = { value: 1, max: 4, state: "running" as const, node_id: node, display_node_id: node, ...rest };
  return { type: "progress_state", data: { prompt_id: "r", nodes: { [one.node_id]: one } } };
}

function error(kind: string): Message {
  const data = {
    prompt_id: "r",
    at: "1.5",
    node_id: "2",
    exception_message: "No.\n",
    exception_type: kind,
    traceback: [],
    hint: "Do.",
  };
  return { type: "execution_error", data };
}

describe("a run that is heard of", () => {
  test("has all nodes that are expected waiting when it begins", () => {
    expect(after(start).progress).toMatchObject({ "1": { state: "waiting" }, "2": { state: "waiting" } });
  });

  test("expects nodes even if it began before the answer to its order came", () => {
    const begun = heard(heard(unheard("r"), start), state("1"));
    expect(expecting(begun, { "1": 3, "2": 1 }).progress).toMatchObject({
      "1": { state: "running" },
      "2": { state: "waiting" },
    });
  });

  test("tells of each node how far it is, and what it took", () => {
    const finished = state("1", { state: "finished", value: 4, seconds: 2.5, size: 9 });
    const run = after(start, finished, state("2"));
    expect(run.progress["1"]).toEqual({ state: "finished", value: 4, max: 4, seconds: 2.5, size: 9 });
    expect(run.progress["2"]).toMatchObject({ state: "running", value: 1, max: 4 });
  });

  test("is as far as its nodes are, weighed by the time that they took last", () => {
    expect(shareOf(after(start))).toBe(0);
    expect(shareOf(after(start, state("1", { value: 2 })))).toBeCloseTo(0.375);
    expect(shareOf(after(start, state("1", { state: "finished" })))).toBeCloseTo(0.75);
  });

  test("shows a node at work while the nodes within it are", () => {
    const inner = { node_id: "2.0.1", display_node_id: "2" };
    const run = after(start, state("2", inner), state("2", { ...inner, state: "finished" }));
    expect(run.progress["2"]).toMatchObject({ state: "running" });
    expect(run.progress).not.toHaveProperty("2.0.1");
  });

  test("does not hear the same twice", () => {
    const cached: Message = {
      type: "execution_cached",
      data: { prompt_id: "r", at: "1.1", nodes: ["1"] },
    };
    const run = after(start, cached, { type: "executing", data: { prompt_id: "r", at: "1.2", node: "2" } });
    expect(heard(run, start)).toBe(run);
  });

  test("begins anew when another attempt does", () => {
    const again: Message = { ...start, data: { ...start.data, at: "2.0" } };
    expect(after(start, state("1", { state: "finished" }), again).progress["1"]).toMatchObject({
      state: "waiting",
    });
  });

  test("fails at a node and keeps what had finished", () => {
    const run = after(start, state("1", { state: "finished" }), state("2"), error("ValueError"));
    expect(run).toMatchObject({ status: "failed", failure: { node: "2", message: "No.", hint: "Do." } });
    expect(run.progress).toMatchObject({ "1": { state: "finished" }, "2": { state: "failed" } });
  });

  test("goes on where only a branch is blocked", () => {
    const run = after(start, error("ExecutionBlocked"));
    expect(isOver(run)).toBe(false);
    expect(run.progress["2"]).toMatchObject({ state: "blocked" });
  });

  test("that is cancelled has no node at work any more", () => {
    const data = { prompt_id: "r", at: "1.9", node_id: "2" };
    const run = after(start, state("2"), { type: "execution_interrupted", data });
    expect(run).toMatchObject({ status: "cancelled", progress: {} });
  });
});

test("the history tells the same of a run as its messages did", () => {
  const whole = {
    run: { id: "r", status: "failed" },
    artifacts: [],
    result: {
      outputs: { "3": { images: [{ filename: "a.png", subfolder: "", type: "output" }] } },
      status: { messages: [["execution_error", error("ValueError").data]] },
      weft: {
        seconds: 1,
        nodes: {
          "1": { seconds: 2.5, size: 9, why: "runs for the first time" },
          "2": { error: "ValueError: No." },
          "4": { why: "the seed differs" },
        },
      },
    },
  } as unknown as WholeRun;
  const run = fromHistory(unheard("r"), whole);
  expect(run.progress["1"]).toMatchObject({ state: "finished", seconds: 2.5, size: 9 });
  expect(run.progress["2"]).toMatchObject({ state: "failed" });
  expect(run.progress["4"]).toBeUndefined();
  expect(run.why["4"]).toBe("the seed differs");
  expect(run.shown["3"]?.images).toHaveLength(1);
  expect(run.failure).toMatchObject({ node: "2", kind: "ValueError" });
});

test("what a node shows is its files and its words, under whatever name", () => {
  const file = { filename: "a.flac", subfolder: "", type: "temp" };
  expect(shownIn({ audio: [file], text: ["seven"], animated: [true], note: "x" })).toEqual({
    images: [file],
    text: ["seven", "x"],
  });
});
