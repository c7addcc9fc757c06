import { expect, test } from "vitest";

import type { Bounds } from "../graph/document";
import { documentOf, node } from "../graph/toys";
import { moved, placed } from "./placing";

const DOCUMENT = documentOf(
  { a: node("Empty", {}, { position: [0, 0] }), b: node("Empty", {}, { position: [10, 10] }) },
  {
    groups: [{ id: "g", title: "G", bounds: [0, 0, 100, 100] }],
    notes: [{ id: "n", text: "", bounds: [0, 0, 10, 10] }],
  },
);

test("nodes, groups and notes are put elsewhere in one edit; the others stay the same objects", () => {
  const boxes = new Map<string, Bounds>([
    ["a", [5, 6, 1, 1]],
    ["g", [1, 2, 300, 400]],
    ["n", [7, 8, 20, 20]],
  ]);
  const after = placed(DOCUMENT, null, boxes);
  expect(after.nodes["a"]?._meta?.position).toEqual([5, 6]);
  expect(after.nodes["b"]).toBe(DOCUMENT.nodes["b"]);
  expect(after.groups?.[0]?.bounds).toEqual([1, 2, 300, 400]);
  expect(after.notes?.[0]?.bounds).toEqual([7, 8, 20, 20]);
});

test("nothing moved is no edit", () => {
  expect(placed(DOCUMENT, null, new Map())).toBe(DOCUMENT);
});

test("the ends of a subgraph are placed with it", () => {
  const inner = {
    title: "S",
    nodes: {},
    inputs: [],
    outputs: [],
    places: { inputs: [0, 0], outputs: [9, 9] },
  } as const;
  const document = { ...DOCUMENT, subgraphs: { s: inner } };
  const after = placed(document, "s", new Map<string, Bounds>([["@inputs", [-50, 3, 10, 10]]]));
  expect(after.subgraphs?.["s"]?.places).toEqual({ inputs: [-50, 3], outputs: [9, 9] });
});

test("boxes move and keep their sizes", () => {
  expect(moved(new Map([["a", [1, 2, 3, 4]]]), [10, -2])).toEqual(new Map([["a", [11, 0, 3, 4]]]));
});
