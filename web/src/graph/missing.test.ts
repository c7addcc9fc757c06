import { expect, test } from "vitest";

import { missing } from "./missing";
import { documentOf, KINDS, node, TEXT_TO_IMAGE } from "./toys";

const FILES = { checkpoints: ["nano.safetensors", "sd15-pruned.safetensors"] };

test("where all is there, nothing is missing", () => {
  expect(missing(TEXT_TO_IMAGE, KINDS, FILES)).toEqual({ kinds: [], files: [] });
});

test("unknown kinds are told once, with their nodes on every sheet and the nearest that are known", () => {
  const document = documentOf(
    { a: node("Decoder"), b: node("Xyz"), s: node("@s"), t: node("@gone") },
    { subgraphs: { s: { title: "S", inputs: [], outputs: [], nodes: { inner: node("Decoder") } } } },
  );
  expect(missing(document, KINDS, FILES).kinds).toEqual([
    {
      kind: "Decoder",
      nodes: [
        { sheet: null, id: "a" },
        { sheet: "s", id: "inner" },
      ],
      nearest: ["Decode", "DecodeTiled", "Encode"],
    },
    { kind: "Xyz", nodes: [{ sheet: null, id: "b" }], nearest: [] },
    { kind: "@gone", nodes: [{ sheet: null, id: "t" }], nearest: [] },
  ]);
});

test("files that are not there are told with those that are called nearly so", () => {
  const document = documentOf({
    a: node("Load", { name: "sd15_pruned.ckpt" }),
    b: node("Load", { name: "sd15_pruned.ckpt" }),
    c: node("Load", { name: "" }),
    d: node("Load", { name: ["a", "text"] }),
    e: node("Load", { name: "made.png [output]" }),
  });
  expect(missing(document, KINDS, FILES).files).toEqual([
    {
      folder: "checkpoints",
      name: "sd15_pruned.ckpt",
      inputs: [
        { sheet: null, id: "a", input: "name" },
        { sheet: null, id: "b", input: "name" },
      ],
      nearest: ["sd15-pruned.safetensors"],
    },
  ]);
});

test("of folders of which nothing is known nothing is said", () => {
  expect(missing(documentOf({ a: node("Load", { name: "x" }) }), KINDS, {}).files).toEqual([]);
});
