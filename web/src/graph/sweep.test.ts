import { describe, expect, test } from "vitest";

import { sweep, valuesOf, withValue } from "./sweep";
import { exposeInput, makeSubgraph } from "./subgraphs";
import { flatGraph, KINDS, TEXT_TO_IMAGE } from "./toys";

describe("a sweep", () => {
  test("has one document for each combination, the last axis fastest", () => {
    const found = sweep(TEXT_TO_IMAGE, [
      { node: "sample", input: "seed", values: [1, 2] },
      { node: "prompt", input: "text", values: ["a", "b", "c"] },
    ]);
    expect(found.map((one) => one.values)).toEqual([
      [1, "a"],
      [1, "b"],
      [1, "c"],
      [2, "a"],
      [2, "b"],
      [2, "c"],
    ]);
    expect(found[4]?.document.nodes["sample"]?.inputs["seed"]).toBe(2);
    expect(found[4]?.document.nodes["prompt"]?.inputs["text"]).toBe("b");
    expect(found[4]?.document.nodes["load"]).toBe(TEXT_TO_IMAGE.nodes["load"]);
  });

  test("over nothing is the document alone, and over no values nothing", () => {
    expect(sweep(TEXT_TO_IMAGE, [])).toEqual([{ values: [], document: TEXT_TO_IMAGE }]);
    expect(sweep(TEXT_TO_IMAGE, [{ node: "sample", input: "seed", values: [] }])).toEqual([]);
  });

  test("reaches nodes in subgraphs, by the instance where it lets the value in", () => {
    const made = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt", "sample"], "Draw");
    const flat = `${made.id}:prompt`;
    const inside = withValue(made.document, flat, "text", "new");
    expect(flatGraph(inside)[flat]?.inputs["text"]).toBe("new");
    const shown = exposeInput(made.document, "1", { node: "prompt", input: "text" });
    const outside = withValue(shown, flat, "text", "new");
    expect(outside.nodes[made.id]?.inputs["text"]).toBe("new");
    expect(outside.subgraphs).toBe(shown.subgraphs);
    expect(withValue(shown, "nobody:prompt", "text", "new")).toBe(shown);
  });
});

describe("values in a text", () => {
  test.each([
    ["1, 2,3", [1, 2, 3]],
    ["1..10 step 3", [1, 4, 7, 10]],
    ["3..1", [3, 2, 1]],
    ["0..1 step 0.1", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]],
    ["-1..1, 5", [-1, 0, 1, 5]],
    ["euler, ddim", ["euler", "ddim"]],
    ["a red circle\na blue, small square\n", ["a red circle", "a blue, small square"]],
    ['"one, two", three', ["one, two", "three"]],
    ['"1"', ["1"]],
    ["true, False", [true, false]],
    ["1.5e-3", [0.0015]],
    ["1..10 step 0", ["1..10 step 0"]],
    ["", []],
    [" , ,", []],
  ])("%j are %j", (text, values) => {
    expect(valuesOf(text)).toEqual(values);
  });

  test("are never more than a thousand", () => {
    expect(valuesOf("1..100000000")).toHaveLength(1000);
  });
});
