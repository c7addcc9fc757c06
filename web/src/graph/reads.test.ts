import { describe, expect, test } from "vitest";

import { REROUTE, TO_OUTSIDE } from "./document";
import { endsOf, outputsOf, readersOf, sourceOf } from "./reads";
import { documentOf, node, TEXT_TO_IMAGE } from "./toys";

const CHAIN = documentOf({
  ...TEXT_TO_IMAGE.nodes,
  first: node(REROUTE, { value: ["decode", "image"] }),
  second: node(REROUTE, { value: ["first", "value"] }),
  save: node("Save", { images: ["second", "value"] }),
  show: node("Show", { value: ["first", "value"] }),
});
const SUBGRAPH = {
  ...TEXT_TO_IMAGE,
  title: "S",
  inputs: [],
  outputs: [{ name: "out", from: ["decode", "image"] as const }],
};

describe("the readers of a node", () => {
  test("are all that read any of its outputs", () => {
    expect(readersOf(TEXT_TO_IMAGE).get("load")).toEqual([
      { node: "prompt", input: "clip", output: "clip" },
      { node: "negative", input: "clip", output: "clip" },
      { node: "sample", input: "model", output: "model" },
      { node: "decode", input: "vae", output: "vae" },
    ]);
    expect(readersOf(TEXT_TO_IMAGE).get("save")).toBeUndefined();
    expect(readersOf(TEXT_TO_IMAGE)).toBe(readersOf(TEXT_TO_IMAGE));
  });

  test("may be the outputs of the subgraph", () => {
    expect(readersOf(SUBGRAPH).get("decode")).toContainEqual({
      node: TO_OUTSIDE,
      input: "out",
      output: "image",
    });
    expect(outputsOf(SUBGRAPH)).toBe(SUBGRAPH.outputs);
    expect(outputsOf(TEXT_TO_IMAGE)).toEqual([]);
  });
});

describe("a link through reroutes", () => {
  test("is followed to where it comes from", () => {
    expect(sourceOf(CHAIN, ["second", "value"])).toEqual(["decode", "image"]);
    expect(sourceOf(CHAIN, ["load", "vae"])).toEqual(["load", "vae"]);
    expect(sourceOf(CHAIN, ["nobody", "x"])).toEqual(["nobody", "x"]);
  });

  test("is followed to all that get what it brings, and to no other output's readers", () => {
    expect(endsOf(CHAIN, ["decode", "image"])).toEqual([
      { node: "show", input: "value" },
      { node: "save", input: "images" },
    ]);
    expect(endsOf(CHAIN, ["load", "vae"])).toEqual([{ node: "decode", input: "vae" }]);
    expect(endsOf(SUBGRAPH, ["decode", "image"])).toContainEqual({ node: TO_OUTSIDE, input: "out" });
  });

  test("ends at one that reads nothing", () => {
    const open = documentOf({ a: node(REROUTE), b: node(REROUTE, { value: ["a", "value"] }) });
    expect(sourceOf(open, ["b", "value"])).toEqual(["a", "value"]);
  });

  test("in a circle is followed to an end", () => {
    const round = documentOf({
      a: node(REROUTE, { value: ["b", "value"] }),
      b: node(REROUTE, { value: ["a", "value"] }),
      c: node("Save", { images: ["b", "value"] }),
    });
    expect(["a", "b"]).toContain(sourceOf(round, ["a", "value"])[0]);
    expect(endsOf(round, ["a", "value"])).toEqual([{ node: "c", input: "images" }]);
  });
});
