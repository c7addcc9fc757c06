import { describe, expect, test } from "vitest";

import { connect } from "./connect";
import { diff, isEmpty, type Diff, type NodeChange } from "./diff";
import type { Document } from "./document";
import { moveNodes, removeNodes, setInput, setMeta } from "./edit";
import { makeSubgraph } from "./subgraphs";
import { chance, documentOf, KINDS, manyNodes, node, oneOf, TEXT_TO_IMAGE } from "./toys";

test("of a document and itself is empty, also of a copy", () => {
  const copy = JSON.parse(JSON.stringify(TEXT_TO_IMAGE)) as Document;
  expect(isEmpty(diff(TEXT_TO_IMAGE, TEXT_TO_IMAGE))).toBe(true);
  expect(isEmpty(diff(TEXT_TO_IMAGE, copy))).toBe(true);
});

test("tells values and modes as changes, and places and titles as looks", () => {
  let after: Document = setInput(TEXT_TO_IMAGE, "sample", "seed", 8);
  after = setMeta(after, "decode", { mode: "bypass" });
  after = moveNodes(after, new Map([["load", [9, 9]]]));
  after = setMeta(after, "empty", { title: "Canvas" });
  const { added, removed, changed, moved } = diff(TEXT_TO_IMAGE, after);
  expect([added, removed]).toEqual([[], []]);
  expect(changed.map(({ id, values, mode }) => ({ id, values, mode }))).toEqual([
    { id: "decode", values: [], mode: [null, "bypass"] },
    { id: "sample", values: [{ input: "seed", before: 7, after: 8 }], mode: null },
  ]);
  expect(moved.map((one) => one.id)).toEqual(["empty", "load"]);
});

test("tells links that lead elsewhere, and values that are no more", () => {
  const after = setInput(
    connect(TEXT_TO_IMAGE, ["prompt", "conditioning"], { node: "sample", input: "negative" }),
    "sample",
    "seed",
    undefined,
  );
  expect(diff(TEXT_TO_IMAGE, after).changed[0]?.values).toEqual([
    { input: "negative", before: ["negative", "conditioning"], after: ["prompt", "conditioning"] },
    { input: "seed", before: 7, after: undefined },
  ]);
});

test("takes a node of another kind under the same id for another node", () => {
  const { added, removed, changed } = diff(
    documentOf({ a: node("Empty") }),
    documentOf({ a: node("Invert") }),
  );
  expect([added[0]?.node.class_type, removed[0]?.node.class_type, changed]).toEqual(["Invert", "Empty", []]);
});

test("tells groups, notes and subgraphs", () => {
  const framed: Document = { ...TEXT_TO_IMAGE, notes: [{ id: "note-1", text: "x", bounds: [0, 0, 1, 1] }] };
  expect(diff(TEXT_TO_IMAGE, framed).frames).toMatchObject([
    { id: "note-1", before: null, after: { text: "x" } },
  ]);
  const made = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["sample"], "Draw").document;
  const { subgraphs, added, removed } = diff(TEXT_TO_IMAGE, made);
  expect(subgraphs).toMatchObject([{ id: "1", before: null, after: { title: "Draw" } }]);
  expect(added.map((one) => [one.sheet, one.id])).toEqual([
    [null, "8"],
    ["1", "sample"],
  ]);
  expect(removed.map((one) => [one.sheet, one.id])).toEqual([[null, "sample"]]);
});

describe("random edits", () => {
  test("differ the other way round exactly as seen from the other side", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = chance(seed);
      const before = manyNodes(20, random);
      let after: Document = before;
      for (let step = 0; step < 6; step += 1) after = edited(after, random);
      expect(diff(after, before)).toEqual(reversed(diff(before, after)));
    }
  });

  test("are found again: what is told makes the one document of the other", () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = chance(seed);
      const before = manyNodes(20, random);
      const after = edited(edited(before, random), random);
      const told = diff(before, after);
      const gone = new Set(told.removed.map((one) => one.id));
      const nodes = Object.fromEntries(Object.entries(before.nodes).filter(([id]) => !gone.has(id)));
      for (const { id, node: one } of told.added) nodes[id] = one;
      for (const { id, after: one } of [...told.changed, ...told.moved]) nodes[id] = one;
      expect(nodes).toEqual(after.nodes);
    }
  });
});

function edited(document: Document, random: () => number): Document {
  const id = oneOf(Object.keys(document.nodes), random);
  switch (Math.floor(random() * 4)) {
    case 0:
      return removeNodes(document, new Set([id]));
    case 1:
      return moveNodes(document, new Map([[id, [random(), 0]]]));
    case 2:
      return setInput(document, id, "amount", random());
    default:
      return { ...document, nodes: { ...document.nodes, [`new${random()}`]: node("Empty") } };
  }
}

/** The same difference, seen from the other document. */
function reversed({ added, removed, changed, moved, frames, subgraphs }: Diff): Diff {
  const turned = <T extends { readonly before: unknown; readonly after: unknown }>(one: T): T => ({
    ...one,
    before: one.after,
    after: one.before,
  });
  const back = (change: NodeChange): NodeChange => ({
    ...turned(change),
    values: change.values.map(turned),
    mode: change.mode && [change.mode[1], change.mode[0]],
  });
  return {
    added: removed,
    removed: added,
    changed: changed.map(back),
    moved: moved.map(back),
    frames: frames.map(turned),
    subgraphs: subgraphs.map(turned),
  };
}
