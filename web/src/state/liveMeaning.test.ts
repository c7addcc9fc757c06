import { expect, test } from "vitest";

import type { Document } from "../graph/document";
import { moveNodes, setInput, setMeta } from "../graph/edit";
import { runAlike } from "./liveMeaning";

const inner = { nodes: { "1": { class_type: "A", inputs: {} } }, title: "s", inputs: [], outputs: [] };
const document: Document = {
  weft: 2,
  nodes: { "1": { class_type: "A", inputs: { x: 1 } }, "2": { class_type: "@s", inputs: {} } },
  subgraphs: { s: inner },
};

test.each<[string, Document]>([
  ["moving a node", moveNodes(document, new Map([["1", [5, 5]]]))],
  ["naming it", setMeta(document, "1", { title: "t" })],
  ["a note", { ...document, notes: [] }],
  ["moving within a subgraph", { ...document, subgraphs: { s: moveNodes(inner, new Map([["1", [5, 5]]])) } }],
])("%s changes nothing of what runs", (_, after) => {
  expect(runAlike(document, after)).toBe(true);
});

test.each<[string, Document]>([
  ["a value", setInput(document, "1", "x", 2)],
  ["muting", setMeta(document, "1", { mode: "mute" })],
  ["a node more", { ...document, nodes: { ...document.nodes, "3": { class_type: "A", inputs: {} } } }],
  ["a value within a subgraph", { ...document, subgraphs: { s: setInput(inner, "1", "y", 1) } }],
  ["a subgraph less", { ...document, subgraphs: {} }],
])("%s changes what runs", (_, after) => {
  expect(runAlike(document, after)).toBe(false);
});
