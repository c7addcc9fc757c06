import { describe, expect, test } from "vitest";

import { candidates } from "./candidates";
import { REROUTE } from "./document";
import { documentOf, KINDS, kind, node, TEXT_TO_IMAGE } from "./toys";

describe("candidates", () => {
  const kinds = (end: Parameters<typeof candidates>[3]) =>
    candidates(TEXT_TO_IMAGE, KINDS, null, end).map((one) => `${one.spec.id}.${one.port}`);

  test("for an output are the kinds that take it, exact types first", () => {
    expect(kinds({ from: ["load", "vae"] })).toEqual([
      "Decode.vae",
      "EncodeImage.vae",
      "Inpaint.vae",
      "Show.value",
      `${REROUTE}.value`,
      "DecodeTiled.vae",
    ]);
  });

  test("for an input are the kinds that give it", () => {
    expect(kinds({ to: { node: "save", input: "images" } })).toEqual([
      "Decode.image",
      "Invert.image",
      "Blend.image",
      "Split.image",
      `${REROUTE}.value`,
      "DecodeTiled.image",
    ]);
  });

  test.each([
    ["what is required before what may stay empty", "maybe:A, sure:A!", "sure"],
    ["what is exactly of the type before what merely fits", "many:[A]!, maybe:A", "maybe"],
    ["a socket that fits before a widget that does", "real:float!=1, many:[int]!", "many"],
    ["what fits before what takes anything", "any:any!, many:[A]", "many"],
  ])("are linked by one of their ports: %s", (_, inputs, port) => {
    const kinds = new Map(
      [kind("Give", "", "a:A, n:int"), kind("Take", inputs, "")].map((one) => [one.id, one]),
    );
    const from = inputs.includes("int") ? "n" : "a";
    const [first] = candidates(documentOf({ give: node("Give") }), kinds, null, { from: ["give", from] });
    expect(first).toEqual({ spec: kinds.get("Take"), port });
  });

  test("are exactly of the type first, and what nobody should be led to last", () => {
    const kinds = new Map(
      [
        kind("Old", "x:A!", "a:A", { deprecated: true }),
        kind("Anything", "x:any!", "a:any"),
        kind("Either", "x:A|B!", "a:[A]"),
        kind("Exact", "x:A!", "a:A"),
        kind("Loose", "x:A", "b:B"),
      ].map((one) => [one.id, one]),
    );
    const document = documentOf({ one: node("Exact") });
    const order = (end: Parameters<typeof candidates>[3]) =>
      candidates(document, kinds, null, end).map((one) => one.spec.id);
    expect(order({ from: ["one", "a"] })).toEqual(["Exact", "Loose", "Either", "Anything", REROUTE, "Old"]);
    expect(order({ to: { node: "one", input: "x" } })).toEqual([
      "Exact",
      "Either",
      "Anything",
      REROUTE,
      "Old",
    ]);
  });
});
