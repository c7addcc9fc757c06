import { expect, test } from "vitest";

import type { NodeMeta } from "./document";
import { afterQueued } from "./seeds";
import { chance, documentOf, node } from "./toys";

const sample = (seed: number | undefined, control: NonNullable<NodeMeta["control"]>[string]) =>
  node("Sample", seed === undefined ? {} : { seed }, { control: { seed: control } });

test("each seed becomes what its control says", () => {
  const document = documentOf({
    fixed: sample(5, "fixed"),
    up: sample(5, "increment"),
    down: sample(5, "decrement"),
    any: sample(5, "randomize"),
    none: node("Sample", { seed: 5 }),
  });
  const { nodes } = afterQueued(document, () => 0.5);
  expect(Object.values(nodes).map((one) => one.inputs["seed"])).toEqual([5, 6, 4, 2 ** 52 - 1, 5]);
  expect(nodes["fixed"]).toBe(document.nodes["fixed"]);
});

test("seeds are exact whole numbers, from 0 round to the largest", () => {
  const { nodes } = afterQueued(
    documentOf({
      low: sample(0, "decrement"),
      high: sample(Number.MAX_SAFE_INTEGER, "increment"),
      open: sample(undefined, "increment"),
    }),
    chance(1),
  );
  expect(Object.values(nodes).map((one) => one.inputs["seed"])).toEqual([Number.MAX_SAFE_INTEGER, 0, 1]);
  for (let seed = 1; seed < 100; seed += 1) {
    const found = afterQueued(documentOf({ a: sample(1, "randomize") }), chance(seed)).nodes["a"]?.inputs[
      "seed"
    ];
    expect(Number.isSafeInteger(found)).toBe(true);
  }
});

test("seeds in subgraphs change too, and linked ones do not", () => {
  const inner = { title: "S", inputs: [], outputs: [], nodes: { a: sample(1, "increment") } };
  const linked = node("Sample", { seed: ["x", "n"] }, { control: { seed: "randomize" } });
  const next = afterQueued(documentOf({ s: node("@s"), linked }, { subgraphs: { s: inner } }), chance(1));
  expect(next.subgraphs?.["s"]?.nodes["a"]?.inputs["seed"]).toBe(2);
  expect(next.nodes["linked"]).toBe(linked);
});

test("where nothing changes the document stays the same", () => {
  const document = documentOf({ a: sample(1, "fixed"), b: node("Sample") });
  expect(afterQueued(document, chance(1))).toBe(document);
});
