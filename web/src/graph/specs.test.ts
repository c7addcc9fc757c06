import { describe, expect, test } from "vitest";

import { FROM_OUTSIDE, REROUTE, type Document } from "./document";
import { specOf } from "./specs";
import { documentOf, KINDS, node } from "./toys";

const DOCUMENT: Document = documentOf(
  {},
  {
    subgraphs: {
      s: {
        title: "Some",
        help: "It helps.",
        inputs: [
          { name: "any" },
          { name: "latent", label: "Latent" },
          { name: "width", default: 8 },
          { name: "steps" },
          { name: "vae", default: null },
          { name: "none" },
        ],
        outputs: [
          { name: "image", from: ["way", "value"] },
          { name: "through", label: "Latent", from: [FROM_OUTSIDE, "latent"] },
          { name: "lost", from: ["gone", "x"] },
        ],
        nodes: {
          show: node("Show", { value: [FROM_OUTSIDE, "latent"] }),
          only: node("Show", { value: [FROM_OUTSIDE, "any"] }),
          in: node(REROUTE, { value: [FROM_OUTSIDE, "latent"] }),
          dec: node("Decode", { samples: ["in", "value"], vae: [FROM_OUTSIDE, "vae"] }),
          way: node(REROUTE, { value: ["dec", "image"] }),
          empty: node("Empty", { width: [FROM_OUTSIDE, "width"] }),
          sample: node("Sample", { steps: [FROM_OUTSIDE, "steps"] }),
        },
      },
      t: {
        title: "Around",
        inputs: [{ name: "latent" }],
        outputs: [{ name: "image", from: ["s", "image"] }],
        nodes: { s: node("@s", { latent: [FROM_OUTSIDE, "latent"] }) },
      },
    },
  },
);

test("a kind is what the server says; nobody knows the others", () => {
  expect(specOf(DOCUMENT, KINDS, "Decode")).toBe(KINDS.get("Decode"));
  expect(specOf(DOCUMENT, KINDS, "NobodyKnows")).toBeUndefined();
  expect(specOf(DOCUMENT, KINDS, "@nobody")).toBeUndefined();
  expect(specOf(DOCUMENT, KINDS, "@constructor")).toBeUndefined();
  expect(specOf(documentOf({}), KINDS, "@s")).toBeUndefined();
});

test("a reroute takes and gives anything", () => {
  const spec = specOf(DOCUMENT, new Map(), REROUTE);
  expect(spec?.inputs.map(({ name, port }) => [name, port.kind])).toEqual([["value", "anything"]]);
  expect(spec?.outputs.map(({ name, port }) => [name, port.kind])).toEqual([["value", "anything"]]);
});

describe("an instance of a subgraph", () => {
  const spec = specOf(DOCUMENT, KINDS, "@s");

  test("is called and helps as the subgraph says", () => {
    expect(spec).toMatchObject({ id: "@s", title: "Some", help: "It helps.", category: "subgraphs" });
  });

  test("has inputs of the types of what is inside, also behind reroutes", () => {
    expect(spec?.inputs.map((one) => [one.label, one.type, one.required, one.default])).toEqual([
      ["any", "any", true, null],
      ["Latent", "LATENT", true, null],
      ["width", "int", false, 8],
      ["steps", "int", false, 20],
      ["vae", "VAE", false, null],
      ["none", "anything", false, null],
    ]);
    expect(spec?.inputs.map((one) => one.widget?.kind ?? null)).toEqual([
      null,
      null,
      "Number",
      "Number",
      null,
      null,
    ]);
  });

  test("has outputs of the types of what they come from", () => {
    expect(spec?.outputs.map(({ name, label, type }) => [name, label, type])).toEqual([
      ["image", "image", "IMAGE"],
      ["through", "Latent", "LATENT"],
      ["lost", "lost", "anything"],
    ]);
  });

  test("may stand in another one, which has its types", () => {
    const around = specOf(DOCUMENT, KINDS, "@t");
    expect([around?.inputs[0]?.type, around?.outputs[0]?.type]).toEqual(["LATENT", "IMAGE"]);
  });

  test("is looked into once, until the subgraphs or the kinds are others", () => {
    expect(specOf({ ...DOCUMENT, nodes: { a: node("@s") } }, KINDS, "@s")).toBe(spec);
    const renamed = { ...DOCUMENT, subgraphs: { s: { ...DOCUMENT.subgraphs!["s"]!, title: "Other" } } };
    expect(specOf(renamed, KINDS, "@s")?.title).toBe("Other");
    expect(specOf(DOCUMENT, new Map(), "@s")?.inputs[1]?.type).toBe("anything");
  });

  test("that holds itself has no types inside", () => {
    const endless = documentOf(
      {},
      {
        subgraphs: {
          s: {
            title: "Endless",
            inputs: [{ name: "x" }],
            outputs: [{ name: "y", from: ["inner", "y"] }],
            nodes: { inner: node("@s", { x: [FROM_OUTSIDE, "x"] }) },
          },
        },
      },
    );
    expect(specOf(endless, KINDS, "@s")).toMatchObject({
      inputs: [{ name: "x", type: "anything" }],
      outputs: [{ name: "y", type: "anything" }],
    });
  });
});
