import { expect, test } from "vitest";

import type { Document } from "./document";
import {
  linksOf,
  mapLinks,
  mapNodes,
  moveNodes,
  putNode,
  removeNodes,
  setInput,
  setMeta,
  withoutLinks,
} from "./edit";
import { documentOf, node, TEXT_TO_IMAGE } from "./toys";

test("an input is set, and taken away so that its default holds", () => {
  const next = setInput(TEXT_TO_IMAGE, "sample", "steps", 30);
  expect(next.nodes["sample"]?.inputs["steps"]).toBe(30);
  expect(TEXT_TO_IMAGE.nodes["sample"]?.inputs["steps"]).toBeUndefined();
  expect(setInput(next, "sample", "steps", undefined)).toEqual(TEXT_TO_IMAGE);
  expect(setInput(TEXT_TO_IMAGE, "nobody", "steps", 1)).toBe(TEXT_TO_IMAGE);
});

test("what is kept of a node is set piece by piece, and unknown pieces stay", () => {
  const strange = { ...TEXT_TO_IMAGE, nodes: { a: node("Empty", {}, { title: "A", fancy: 1 }) } };
  expect(setMeta(strange, "a", { title: undefined, color: "rose" }).nodes.a._meta).toEqual({
    fancy: 1,
    color: "rose",
  });
});

test("nodes are moved, and the others are not touched", () => {
  const next = moveNodes(
    TEXT_TO_IMAGE,
    new Map([
      ["load", [1, 2]],
      ["nobody", [3, 4]],
    ]),
  );
  expect(next.nodes["load"]?._meta?.position).toEqual([1, 2]);
  expect(next.nodes["save"]).toBe(TEXT_TO_IMAGE.nodes["save"]);
  expect(next.nodes["nobody"]).toBeUndefined();
});

test("with nodes go the links from them", () => {
  const { nodes } = removeNodes(TEXT_TO_IMAGE, new Set(["load"]));
  expect(nodes["load"]).toBeUndefined();
  expect(nodes["decode"]?.inputs).toEqual({ samples: ["sample", "latent"] });
  expect(nodes["save"]).toBe(TEXT_TO_IMAGE.nodes["save"]);
});

test("links are left out or led elsewhere; a node that has none of them stays the very same", () => {
  const decode = node("Decode", { samples: ["1", "latent"], vae: ["2", "vae"], tile: 3 });
  expect(withoutLinks(decode, (link) => link[0] === "2").inputs).toEqual({
    samples: ["1", "latent"],
    tile: 3,
  });
  expect(withoutLinks(decode, () => false)).toBe(decode);
  expect(mapLinks(decode, (link) => (link[0] === "1" ? ["9", "x"] : undefined)).inputs).toEqual({
    samples: ["9", "x"],
    tile: 3,
  });
  expect(mapLinks(decode, (link) => link)).toBe(decode);
  expect(mapLinks(node("Save", { prefix: "x", images: ["1", "image"] }), () => undefined).inputs).toEqual({
    prefix: "x",
  });
});

test("all links are listed with both their ends", () => {
  const links = [...linksOf(TEXT_TO_IMAGE)];
  expect(links).toHaveLength(9);
  expect(links).toContainEqual({ from: ["decode", "image"], node: "save", input: "images" });
});

test("a node is put on a sheet, or in the place of the one before", () => {
  expect(Object.keys(putNode(documentOf({ a: node("Empty") }), "b", node("Show")).nodes)).toEqual(["a", "b"]);
  expect(putNode(documentOf({ a: node("Empty") }), "a", node("Show")).nodes).toEqual({ a: node("Show") });
});

test("nodes are changed one by one, and left out where nothing is given", () => {
  const { nodes } = documentOf({ a: node("Empty"), b: node("Show"), c: node("Save") });
  const next = mapNodes(nodes, (one, id) => (id === "b" ? undefined : { ...one, class_type: `New${id}` }));
  expect(next).toEqual({ a: node("Newa"), c: node("Newc") });
});

test("what is not on the sheet is not edited, even if every object has something of that name", () => {
  for (const id of ["constructor", "__proto__"]) {
    expect(setInput(TEXT_TO_IMAGE, id, "x", 1)).toBe(TEXT_TO_IMAGE);
    expect(setMeta(TEXT_TO_IMAGE, id, { title: "x" })).toBe(TEXT_TO_IMAGE);
    expect(moveNodes(TEXT_TO_IMAGE, new Map([[id, [1, 2]]]))).toEqual(TEXT_TO_IMAGE);
  }
});

test("a node called __proto__ is one like any other, as the server has it", () => {
  const text =
    '{"weft": 2, "nodes": {"__proto__": {"class_type": "Invert", "inputs": {"__proto__": ["a", "x"]}}}}';
  const document = putNode(JSON.parse(text) as Document, "a", node("Empty"));
  const written = (next: Document) => JSON.parse(JSON.stringify(next.nodes)) as Document["nodes"];
  const found = (next: Document) => new Map(Object.entries(written(next))).get("__proto__");
  expect(found(setInput(document, "__proto__", "image", 1))?.inputs["image"]).toBe(1);
  expect(found(setMeta(document, "__proto__", { title: "T" }))?._meta).toEqual({ title: "T" });
  expect(found(moveNodes(document, new Map([["__proto__", [1, 2]]])))?._meta?.position).toEqual([1, 2]);
  expect(found(removeNodes(document, new Set(["a"])))).toEqual(node("Invert"));
  expect(Object.keys(removeNodes(document, new Set(["__proto__"])).nodes)).toEqual(["a"]);
  const led = setInput(document, "a", "y", ["__proto__", "image"]);
  const moved = mapNodes(led.nodes, (one) => mapLinks(one, ([id]) => [id, "other"]));
  expect([...linksOf({ nodes: moved })]).toEqual([
    { from: ["a", "other"], node: "__proto__", input: "__proto__" },
    { from: ["__proto__", "other"], node: "a", input: "y" },
  ]);
});
