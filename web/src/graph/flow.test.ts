import { describe, expect, test } from "vitest";

import { FROM_OUTSIDE, REROUTE, type Link } from "./document";
import { givenBy, wantedBy } from "./flow";
import { portText } from "./ports";
import { documentOf, KINDS, kind, node, TEXT_TO_IMAGE } from "./toys";

function given(document: typeof TEXT_TO_IMAGE, link: Link, sheet: string | null = null, specs = KINDS) {
  return portText(givenBy(document, specs, sheet, link));
}

const CHAIN = documentOf({
  ...TEXT_TO_IMAGE.nodes,
  first: node(REROUTE, { value: ["decode", "image"] }),
  second: node(REROUTE, { value: ["first", "value"] }),
  save: node("Save", { images: ["second", "value"] }),
  show: node("Show", { value: ["first", "value"] }),
});

describe("through reroutes", () => {
  test("a link is of the type of where it comes from, and wanted as where it ends", () => {
    expect(given(CHAIN, ["second", "value"])).toBe("IMAGE");
    expect(wantedBy(CHAIN, KINDS, null, { node: "first", input: "value" }).map(portText)).toEqual(["IMAGE"]);
  });

  test("that go round in a circle it is followed only once", () => {
    const round = documentOf({
      a: node(REROUTE, { value: ["b", "value"] }),
      b: node(REROUTE, { value: ["a", "value"] }),
    });
    expect(given(round, ["a", "value"])).toBe("anything");
    expect(wantedBy(round, KINDS, null, { node: "a", input: "value" })).toEqual([]);
  });

  test("of 5,000 in a row each is looked at once, however many links are asked for", () => {
    let looked = 0;
    const nodes = Object.fromEntries(
      Array.from({ length: 5000 }, (_, at) => {
        const one = node(REROUTE, { value: at ? [`n${at - 1}`, "value"] : ["x", "image"] });
        return [
          `n${at}`,
          Object.defineProperty({ ...one }, "inputs", { get: () => ((looked += 1), one.inputs) }),
        ];
      }),
    );
    const row = documentOf({ ...nodes, x: node("Invert") });
    for (let at = 4999; at >= 0; at -= 1) expect(given(row, [`n${at}`, "value"])).toBe("IMAGE");
    expect(looked).toBeLessThan(20_000);
  });
});

test("outputs that are of one type with an input have what goes into that", () => {
  const [input] = kind("Switch", "a:any, b:any", "").inputs;
  const [output] = kind("Switch", "", "out:any").outputs;
  if (!input || !output) throw new Error("The kind has ports.");
  const one = {
    ...kind("Switch", "", ""),
    inputs: [
      { ...input, match: "T" },
      { ...input, name: "b", match: "T" },
    ],
    outputs: [{ ...output, match: "T" }],
  };
  const specs = new Map([...KINDS, ["Switch", one]]);
  const document = documentOf({
    ...TEXT_TO_IMAGE.nodes,
    s: node("Switch", { a: ["empty", "latent"] }),
    open: node("Switch"),
  });
  expect(given(document, ["s", "out"], null, specs)).toBe("LATENT");
  expect(given(document, ["open", "out"], null, specs)).toBe("anything");
  expect(wantedBy(document, specs, null, { node: "s", input: "b" }).map(portText)).toEqual(["LATENT"]);
});

describe("a subgraph's ports", () => {
  const document = documentOf(
    { a: node("Decode"), s: node("@s", { any: ["a", "image"] }) },
    {
      subgraphs: {
        s: {
          title: "S",
          inputs: [
            { name: "any" },
            { name: "latent", label: "Latent" },
            { name: "width", default: 8 },
            { name: "none" },
          ],
          outputs: [
            { name: "image", from: ["way", "value"] },
            { name: "through", from: [FROM_OUTSIDE, "latent"] },
            { name: "lost", from: ["gone", "x"] },
          ],
          nodes: {
            show: node("Show", { value: [FROM_OUTSIDE, "latent"] }),
            in: node(REROUTE, { value: [FROM_OUTSIDE, "latent"] }),
            dec: node("Decode", { samples: ["in", "value"] }),
            way: node(REROUTE, { value: ["dec", "image"] }),
            empty: node("Empty", { width: [FROM_OUTSIDE, "width"] }),
          },
        },
      },
    },
  );

  test("bring in what the instances are given", () => {
    expect(given(document, [FROM_OUTSIDE, "any"], "s")).toBe("IMAGE");
    expect(given(document, [FROM_OUTSIDE, "latent"], "s")).toBe("LATENT");
    expect(given(document, ["s", "image"])).toBe("IMAGE");
  });
});
