import { expect, test } from "vitest";

import type { Document } from "./document";
import { removeNodes } from "./edit";
import { dropExposed, renameExposed, type Field } from "./exposed";
import { documentOf, node } from "./toys";

const INNER = { title: "S", inputs: [], outputs: [], nodes: { deep: node("Empty"), more: node("@t") } };
const LEAF = { title: "T", inputs: [], outputs: [], nodes: { leaf: node("Empty") } };
const DOCUMENT: Document = documentOf(
  { top: node("Empty"), one: node("@s"), two: node("@s") },
  {
    subgraphs: { s: INNER, t: LEAF },
    exposed: [
      { node: "top", input: "width", label: "Width" },
      { node: "one:deep", input: "width" },
      { node: "two:more:leaf", input: "height" },
    ],
  },
);

const shouting = ({ path, input }: Field): Field => ({ path: [...path, "new"], input: input.toUpperCase() });

test("fields are renamed as seen from a sheet, and those elsewhere stay", () => {
  const seen: Field[] = [];
  const next = renameExposed(DOCUMENT, "s", (field) => (seen.push(field), shouting(field)));
  expect(seen).toEqual([
    { path: ["deep"], input: "width" },
    { path: ["more", "leaf"], input: "height" },
  ]);
  expect(next.exposed).toEqual([
    { node: "top", input: "width", label: "Width" },
    { node: "one:deep:new", input: "WIDTH" },
    { node: "two:more:leaf:new", input: "HEIGHT" },
  ]);
});

test("from the document's own sheet all fields are seen, and labels stay", () => {
  expect(renameExposed(DOCUMENT, null, shouting).exposed?.[0]).toEqual({
    node: "top:new",
    input: "WIDTH",
    label: "Width",
  });
});

test("a field on no known way is left alone", () => {
  const odd = { ...DOCUMENT, exposed: [{ node: "top:nobody", input: "x" }] };
  expect(renameExposed(odd, "s", shouting)).toEqual(odd);
});

test("fields whose nodes are gone are dropped; where none is, the document stays the very same", () => {
  expect(dropExposed(DOCUMENT)).toBe(DOCUMENT);
  expect(dropExposed(removeNodes(DOCUMENT, new Set(["one"]))).exposed?.map((one) => one.node)).toEqual([
    "top",
    "two:more:leaf",
  ]);
  const plain = documentOf({});
  expect(dropExposed(plain)).toBe(plain);
  expect(renameExposed(plain, null, shouting)).toBe(plain);
});
