import { describe, expect, test } from "vitest";

import { circleBy, linked } from "./circles";
import { FROM_OUTSIDE, TO_OUTSIDE, type Document, type Subgraph } from "./document";
import { documentOf, node } from "./toys";

const CHAIN = documentOf({
  a: node("Invert"),
  b: node("Invert", { image: ["a", "image"] }),
  c: node("Blend", { one: ["b", "image"], two: ["lone", "image"] }),
  lone: node("Invert"),
});

describe("a link", () => {
  test("that leads back closes a circle, told in the order of flow", () => {
    expect(circleBy(CHAIN, null, ["c", "image"], { node: "a", input: "image" })).toEqual({
      sheet: null,
      ids: ["a", "b", "c"],
    });
    expect(circleBy(CHAIN, null, ["a", "image"], { node: "a", input: "image" })?.ids).toEqual(["a"]);
  });

  test("that leads on closes none", () => {
    expect(circleBy(CHAIN, null, ["a", "image"], { node: "lone", input: "image" })).toBeNull();
    expect(circleBy(CHAIN, null, ["a", "image"], { node: "c", input: "two" })).toBeNull();
    expect(circleBy(CHAIN, "nobody", ["c", "image"], { node: "a", input: "image" })).toBeNull();
  });

  test("is looked for to an end where there is a circle already", () => {
    const round = documentOf({
      a: node("Invert", { image: ["b", "image"] }),
      b: node("Invert", { image: ["a", "image"] }),
      c: node("Invert"),
    });
    expect(circleBy(round, null, ["a", "image"], { node: "c", input: "image" })).toBeNull();
  });

  test("to an output of a subgraph changes where that comes from, and nothing else", () => {
    const sheet: Subgraph = {
      title: "",
      inputs: [],
      nodes: CHAIN.nodes,
      outputs: [
        { name: "x", from: ["a", "image"] },
        { name: "y", label: "Y", from: ["b", "image"] },
      ],
    };
    const next = linked(sheet, ["c", "image"], { node: TO_OUTSIDE, input: "y" });
    expect(next.outputs).toEqual([sheet.outputs[0], { name: "y", label: "Y", from: ["c", "image"] }]);
    expect(next.nodes).toBe(sheet.nodes);
    expect(linked(CHAIN, ["c", "image"], { node: "lone", input: "image" }).nodes["lone"]?.inputs).toEqual({
      image: ["c", "image"],
    });
  });
});

describe("through an instance", () => {
  const lanes: Subgraph = {
    title: "Two lanes",
    inputs: [{ name: "p" }, { name: "q" }],
    outputs: [
      { name: "x", from: ["up", "image"] },
      { name: "y", from: ["down", "image"] },
    ],
    nodes: {
      up: node("Invert", { image: [FROM_OUTSIDE, "p"] }),
      down: node("Invert", { image: [FROM_OUTSIDE, "q"] }),
      free: node("Invert"),
    },
  };
  const around = (inputs: Parameters<typeof node>[1]): Document =>
    documentOf(
      { s: node("@lanes", inputs), back: node("Invert", { image: ["s", "y"] }) },
      { subgraphs: { lanes, wrap: wrapped() } },
    );

  test("an output leads back only to the inputs on which it depends", () => {
    expect(circleBy(around({}), null, ["back", "image"], { node: "s", input: "p" })).toBeNull();
    expect(circleBy(around({}), null, ["back", "image"], { node: "s", input: "q" })).toEqual({
      sheet: null,
      ids: ["s", "back"],
    });
    expect(circleBy(around({}), null, ["s", "x"], { node: "s", input: "q" })).toBeNull();
  });

  test("also where it holds another one", () => {
    const nested = (output: string, input: string) =>
      circleBy(
        documentOf({ w: node("@wrap") }, { subgraphs: { lanes, wrap: wrapped() } }),
        null,
        ["w", output],
        { node: "w", input },
      );
    expect(nested("out", "second")?.ids).toEqual(["w"]);
    expect(nested("out", "first")).toBeNull();
  });

  test("a link within it closes one around it, where its output is led back", () => {
    const document = around({ p: ["back", "image"] });
    const crossing = circleBy(document, "lanes", ["up", "image"], { node: "down", input: "image" });
    expect(crossing).toEqual({ sheet: null, ids: ["s", "back"] });
    expect(circleBy(around({}), "lanes", ["up", "image"], { node: "down", input: "image" })).toBeNull();
  });

  test("a link within it has no part in a circle that is there already", () => {
    const round = around({ q: ["back", "image"] });
    expect(circleBy(round, "lanes", ["up", "image"], { node: "free", input: "image" })).toBeNull();
  });

  test("and a link further in closes one two sheets up", () => {
    const document = documentOf(
      { w: node("@wrap", { first: ["back", "image"] }), back: node("Invert", { image: ["w", "out"] }) },
      { subgraphs: { lanes, wrap: wrapped() } },
    );
    expect(circleBy(document, "lanes", ["up", "image"], { node: "down", input: "image" })).toEqual({
      sheet: null,
      ids: ["w", "back"],
    });
  });

  function wrapped(): Subgraph {
    return {
      title: "Around the lanes",
      inputs: [{ name: "first" }, { name: "second" }],
      outputs: [{ name: "out", from: ["in", "y"] }],
      nodes: { in: node("@lanes", { p: [FROM_OUTSIDE, "first"], q: [FROM_OUTSIDE, "second"] }) },
    };
  }
});
