import { expect, test } from "vitest";

import { linksOf, mapLinks, moveNodes, removeNodes, setInput, setMeta, withoutLinks } from "./edit";
import { node, TEXT_TO_IMAGE } from "./toys";

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
});

test("all links are listed with both their ends", () => {
  const links = [...linksOf(TEXT_TO_IMAGE)];
  expect(links).toHaveLength(9);
  expect(links).toContainEqual({ from: ["decode", "image"], node: "save", input: "images" });
});
