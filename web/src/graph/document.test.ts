import { expect, test } from "vitest";

import {
  EMPTY,
  flatId,
  freeId,
  instanceOf,
  isLink,
  nodeAt,
  positionOf,
  REROUTE,
  sheetAt,
  subgraphOf,
  withSheet,
  type InputValue,
} from "./document";
import { documentOf, node } from "./toys";

test("a link is a list of two texts, and nothing else is", () => {
  expect(isLink(["1", "image"])).toBe(true);
  const others: (InputValue | undefined)[] = [
    undefined,
    null,
    "1",
    ["1"],
    ["1", 0],
    [1, "image"],
    ["1", "a", "b"],
    {},
  ];
  for (const value of others) expect(isLink(value)).toBe(false);
});

test("an instance names its subgraph, and a reroute none", () => {
  expect(instanceOf("s")).toBe("@s");
  expect(subgraphOf("@s")).toBe("s");
  expect(subgraphOf(REROUTE)).toBeNull();
  expect(subgraphOf("Empty")).toBeNull();
});

test("only what is in the document is found, whatever it is called", () => {
  const document = documentOf({ a: node("Empty") });
  expect(nodeAt(document, "a")?.class_type).toBe("Empty");
  expect(nodeAt(document, "constructor")).toBeUndefined();
  expect(sheetAt(document, null)).toBe(document);
  expect(sheetAt({ ...document, subgraphs: {} }, "constructor")).toBeUndefined();
});

test("a sheet is put in place of the one before, and the rest stays", () => {
  const inner = { title: "S", nodes: {}, inputs: [], outputs: [] };
  const document = documentOf({ a: node("@s") }, { subgraphs: { s: inner, t: inner } });
  const next = withSheet(document, "s", { nodes: { x: node("Empty") } });
  expect(next.subgraphs?.["s"]).toMatchObject({ title: "S", nodes: { x: {} } });
  expect(next.subgraphs?.["t"]).toBe(inner);
  expect(next.nodes).toBe(document.nodes);
  expect(withSheet(document, "gone", { nodes: {} })).toBe(document);
  expect(withSheet(document, "constructor", { nodes: {} })).toBe(document);
  expect(withSheet(document, null, { nodes: {} })).toEqual({ ...document, nodes: {} });
  expect(withSheet(EMPTY, "s", { nodes: {} })).toBe(EMPTY);
});

test("flat ids name the instances around a node", () => {
  expect(flatId([], "4")).toBe("4");
  expect(flatId(["1", "2"], "4")).toBe("1:2:4");
});

test("a free id is a number that nothing has", () => {
  expect(freeId({})).toBe("1");
  expect(freeId({ 2: 0 })).toBe("3");
  expect(freeId({ a: 0, 3: 0 }, new Set(["4"]))).toBe("5");
});

test("a node that nobody has placed stands at the origin", () => {
  expect(positionOf(node("Empty", {}, { position: [3, 4] }))).toEqual([3, 4]);
  expect(positionOf(node("Empty"))).toEqual([0, 0]);
});
