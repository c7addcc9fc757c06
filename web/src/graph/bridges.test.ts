import { describe, expect, test } from "vitest";

import { bridges, bridgesOver, withBridge } from "./bridges";
import { FROM_OUTSIDE, TO_OUTSIDE, type End, type Link } from "./document";
import { documentOf, KINDS, kind, node, portOf, TEXT_TO_IMAGE } from "./toys";

const END: End = { node: "save", input: "images" };

describe("bridges", () => {
  const titles = (from: Link, to: End) =>
    bridges(TEXT_TO_IMAGE, KINDS, null, from, to).map((one) => one.kind);

  test("are the kinds that lead from one type to the other, the plainest first", () => {
    expect(titles(["sample", "latent"], END)).toEqual(["Decode", "DecodeTiled"]);
    expect(titles(["decode", "image"], { node: "sample", input: "latent" })).toEqual([
      "EncodeImage",
      "Inpaint",
    ]);
  });

  test("are none where none is needed, or none helps", () => {
    expect(titles(["decode", "image"], END)).toEqual([]);
    expect(titles(["load", "model"], END)).toEqual([]);
  });

  test("are put between, and read what else they need from upstream", () => {
    const from: Link = ["sample", "latent"];
    const [bridge] = bridges(TEXT_TO_IMAGE, KINDS, null, from, END);
    if (!bridge) throw new Error("There should be a bridge.");
    const { nodes } = withBridge(TEXT_TO_IMAGE, KINDS, null, from, END, bridge);
    expect(nodes["8"]).toEqual(
      node("Decode", { samples: ["sample", "latent"], vae: ["load", "vae"] }, { position: [900, 0] }),
    );
    expect(nodes["save"]?.inputs["images"]).toEqual(["8", "image"]);
  });

  test("that nobody should be led to come last, and those that need less come first", () => {
    const kinds = new Map(
      [
        kind("Old", "a:A!", "b:B", { deprecated: true }),
        kind("Trial", "a:A!", "b:B", { experimental: true }),
        kind("Needy", "a:A!, vae:VAE!, clip:CLIP!", "b:B"),
        kind("Behind", "vae:VAE!, a:A!", "b:B"),
        kind("First", "a:A!, vae:VAE!", "b:B"),
        kind("Plain", "a:A!, size:int!=8", "b:B"),
        kind("Wrong", "a:A!", "c:C"),
        kind("Whatever", "a:any!", "b:any"),
      ].map((one) => [one.id, one]),
    );
    const over = (given: string, ...wanted: readonly string[]) =>
      bridgesOver(documentOf({}), kinds, null, portOf(given), wanted.map(portOf)).map((one) => one.kind);
    expect(over("A", "B")).toEqual(["Plain", "First", "Behind", "Needy", "Trial", "Old"]);
    expect(over("A", "B", "C")).toEqual([]);
    expect(over("any", "B")).toEqual([]);
  });

  test("take what they need from the nearest node upstream that has it", () => {
    const document = documentOf({
      ...TEXT_TO_IMAGE.nodes,
      other: node("Load"),
      near: node("EncodeImage", { pixels: ["decode", "image"], vae: ["other", "vae"] }),
    });
    const bridge = { kind: "Decode", title: "", input: "samples", output: "image" };
    const { nodes } = withBridge(document, KINDS, null, ["near", "latent"], END, bridge);
    expect(nodes["10"]?.inputs).toEqual({ samples: ["near", "latent"], vae: ["other", "vae"] });
    const alone = documentOf({ empty: node("Empty"), save: node("Save") });
    expect(withBridge(alone, KINDS, null, ["empty", "latent"], END, bridge).nodes["3"]?.inputs).toEqual({
      samples: ["empty", "latent"],
    });
  });

  test("may stand before an output of a subgraph", () => {
    const document = documentOf(
      { s: node("@s") },
      {
        subgraphs: {
          s: {
            title: "",
            inputs: [{ name: "in" }],
            outputs: [{ name: "out", from: [FROM_OUTSIDE, "in"] }],
            nodes: {},
          },
        },
      },
    );
    const bridge = { kind: "Invert", title: "", input: "image", output: "image" };
    const end = { node: TO_OUTSIDE, input: "out" };
    const { subgraphs } = withBridge(document, KINDS, "s", [FROM_OUTSIDE, "in"], end, bridge);
    expect(subgraphs?.["s"]).toMatchObject({
      outputs: [{ name: "out", from: ["1", "image"] }],
      nodes: { 1: { inputs: { image: [FROM_OUTSIDE, "in"] } } },
    });
    const gone = { ...bridge, kind: "NobodyKnows" };
    expect(withBridge(document, KINDS, "s", [FROM_OUTSIDE, "in"], end, gone)).toBe(document);
  });
});
