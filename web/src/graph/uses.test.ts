import { describe, expect, test } from "vitest";

import type { Document, Sheet } from "./document";
import { documentOf, node } from "./toys";
import { mayHold, sheetsOf, usesOf, wayInto } from "./uses";

const inside = (nodes: Sheet["nodes"]) => ({ title: "", inputs: [], outputs: [], nodes });

/** "outer" holds "inner" twice; the document holds "outer" and once "inner"; "lost" is used nowhere. */
const DOCUMENT: Document = documentOf(
  { a: node("Empty"), o: node("@outer"), i: node("@inner") },
  {
    subgraphs: {
      outer: inside({ x: node("@inner"), y: node("@inner") }),
      inner: inside({ z: node("Empty") }),
      lost: inside({ l: node("@inner") }),
    },
  },
);

test("the sheets are the document's own and those of its subgraphs", () => {
  expect([...sheetsOf(DOCUMENT)].map(([id]) => id)).toEqual([null, "outer", "inner", "lost"]);
});

test("the uses of a subgraph are found on every sheet", () => {
  expect(usesOf(DOCUMENT, "inner")).toEqual([
    { sheet: null, id: "i" },
    { sheet: "outer", id: "x" },
    { sheet: "outer", id: "y" },
    { sheet: "lost", id: "l" },
  ]);
  expect(usesOf(DOCUMENT, "lost")).toEqual([]);
});

test("a subgraph may lie everywhere but in itself, or in what it holds", () => {
  expect(mayHold(DOCUMENT, null, "outer")).toBe(true);
  expect(mayHold(DOCUMENT, "outer", "inner")).toBe(true);
  expect(mayHold(DOCUMENT, "inner", "inner")).toBe(false);
  expect(mayHold(DOCUMENT, "inner", "outer")).toBe(false);
  expect(mayHold(DOCUMENT, "outer", "lost")).toBe(true);
});

describe("the way into a sheet", () => {
  test("is the shortest, outermost first", () => {
    expect(wayInto(DOCUMENT, null)).toEqual([]);
    expect(wayInto(DOCUMENT, "inner")).toEqual([{ instance: "i", subgraph: "inner" }]);
    const { i: _, ...without } = DOCUMENT.nodes;
    expect(wayInto({ ...DOCUMENT, nodes: without }, "inner")).toEqual([
      { instance: "o", subgraph: "outer" },
      { instance: "x", subgraph: "inner" },
    ]);
  });

  test("is none where no instance leads there", () => {
    expect(wayInto(DOCUMENT, "lost")).toBeNull();
    expect(wayInto(DOCUMENT, "nobody")).toBeNull();
  });

  test("is found though a subgraph holds itself", () => {
    const endless = documentOf({ o: node("@s") }, { subgraphs: { s: inside({ again: node("@s") }) } });
    expect(wayInto(endless, "s")).toEqual([{ instance: "o", subgraph: "s" }]);
    expect(mayHold(endless, "s", "t")).toBe(true);
  });
});
