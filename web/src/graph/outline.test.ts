import { expect, test } from "vitest";

import { REROUTE } from "./document";
import { inOrder, outline } from "./outline";
import { makeSubgraph } from "./subgraphs";
import { chance, documentOf, KINDS, manyNodes, node, TEXT_TO_IMAGE } from "./toys";

test("nodes stand in the order of flow, with what they read and who reads them in words", () => {
  const rows = outline(TEXT_TO_IMAGE, KINDS, null);
  expect(rows.map((row) => row.id)).toEqual([
    "load",
    "empty",
    "prompt",
    "negative",
    "sample",
    "decode",
    "save",
  ]);
  expect(rows.find((row) => row.id === "decode")?.text).toBe(
    "Decode. Reads samples from Sample and vae from Load. Read by Save (images).",
  );
  expect(rows[1]?.text).toBe("Empty. Reads nothing. Read by Sample (latent).");
});

test("reroutes are passed over, and modes are told", () => {
  const document = documentOf({
    b: node("Save", { images: ["way", "value"] }, { mode: "mute" }),
    way: node(REROUTE, { value: ["a", "image"] }),
    a: node("Invert"),
  });
  expect(outline(document, KINDS, null).map((row) => row.text)).toEqual([
    "Invert. Reads nothing. Read by Save (images).",
    "Save, muted. Reads images from Invert.",
  ]);
});

test("a subgraph's own inputs and outputs are called so", () => {
  const made = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["decode"], "Out").document;
  expect(outline(made, KINDS, "1")[0]?.text).toBe(
    "Decode. Reads samples from the subgraph's inputs and vae from the subgraph's inputs. Read by the subgraph's outputs (image).",
  );
  expect(outline(made, KINDS, "gone")).toEqual([]);
});

test("each of 5,000 nodes stands behind all that it reads, and circles come last", () => {
  const document = manyNodes(5000, chance(2));
  const places = new Map(inOrder(document).map((id, at) => [id, at]));
  expect(places.size).toBe(5000);
  for (const [id, one] of Object.entries(document.nodes))
    for (const value of Object.values(one.inputs))
      if (Array.isArray(value))
        expect(places.get(id)).toBeGreaterThan(places.get(String(value[0])) ?? Infinity);
  const circle = {
    a: node("Invert", { image: ["b", "image"] }),
    b: node("Invert", { image: ["a", "image"] }),
    c: node("Empty"),
  };
  expect(inOrder(documentOf(circle))).toEqual(["c", "a", "b"]);
});
