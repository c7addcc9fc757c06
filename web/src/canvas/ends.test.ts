import { expect, test } from "vitest";

import type { Document } from "../graph/document";
import { documentOf, KINDS, node, TEXT_TO_IMAGE } from "../graph/toys";
import { fittingEnds, fittingSockets, nameOfEnd, targetAt, targetOn } from "./ends";
import { sceneOf } from "./scene";

function scene(document: Document) {
  return sceneOf({ document, sheetId: null, specs: KINDS, instances: [], pictured: new Set() }, null);
}

test("the sockets that fit are of the type and close no circle", () => {
  const document = documentOf({
    empty: node("Empty"),
    sample: node("Sample", { latent: ["empty", "latent"] }),
    again: node("Sample", { latent: ["sample", "latent"] }),
    decode: node("Decode"),
  });
  const fitting = fittingSockets(scene(document), { from: ["sample", "latent"] });
  expect([...fitting].sort()).toEqual(["in\nagain\nlatent", "in\ndecode\nsamples"]);
});

test("from an input the fitting outputs are found, those of reroutes by what flows through them", () => {
  const document = documentOf({
    empty: node("Empty"),
    through: node("@reroute", { value: ["empty", "latent"] }),
    load: node("Load"),
    decode: node("Decode"),
  });
  const fitting = fittingSockets(scene(document), { to: { node: "decode", input: "samples" } });
  expect([...fitting].sort()).toEqual(["out\nempty\nlatent", "out\nthrough\nvalue"]);
});

test("over a node the first free socket that fits is meant", () => {
  const document = documentOf({
    a: node("Encode"),
    b: node("Encode"),
    sample: node("Sample", { positive: ["a", "conditioning"] }),
  });
  const shown = scene(document);
  const loose = { from: ["b", "conditioning"] } as const;
  const item = shown.items.get("sample");
  const target = item && targetOn(loose, item, fittingSockets(shown, loose));
  expect(target?.end).toEqual({ to: { node: "sample", input: "negative" } });
});

test("over a socket that does not fit it is told why, and what would help", () => {
  const shown = scene(documentOf({ empty: node("Empty"), save: node("Save") }));
  const target = targetAt(shown, { from: ["empty", "latent"] }, { to: { node: "save", input: "images" } });
  expect(target?.refusal).toContain("LATENT does not fit into IMAGE");
  expect(target?.bridges[0]?.kind).toBe("Decode");
});

test("two outputs make no link", () => {
  const shown = scene(TEXT_TO_IMAGE);
  expect(targetAt(shown, { from: ["load", "clip"] }, { from: ["load", "vae"] })).toBeNull();
});

test("for the keyboard all ends have names, the free ones first", () => {
  const shown = scene(
    documentOf({ load: node("Load"), a: node("Decode", { vae: ["load", "vae"] }), b: node("Decode") }),
  );
  const ends = fittingEnds(shown, { from: ["load", "vae"] });
  expect(ends.map(({ name, free }) => [name, free])).toEqual([
    ["Decode: vae", true],
    ["Decode: vae", false],
  ]);
  expect(nameOfEnd(shown, { from: ["load", "vae"] })).toBe("Load: vae");
});
