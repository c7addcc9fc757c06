import { describe, expect, test } from "vitest";

import { connect, disconnect, refusal } from "./connect";
import { REROUTE, type Document, type End, type Link, type SheetId } from "./document";
import { documentOf, KINDS, kind, manyNodes, chance, node, TEXT_TO_IMAGE } from "./toys";

function why(document: Document, from: Link, node: string, input: string, sheet: SheetId = null) {
  return refusal(document, KINDS, sheet, from, { node, input });
}

const END: End = { node: "save", input: "images" };

describe("a link is allowed", () => {
  test("where the types fit", () => {
    expect(why(TEXT_TO_IMAGE, ["prompt", "conditioning"], "sample", "negative")).toBeNull();
  });

  test("into an input that takes anything", () => {
    const document = documentOf({ empty: node("Empty"), show: node("Show") });
    expect(why(document, ["empty", "latent"], "show", "value")).toBeNull();
  });

  test("to and from a kind that the server does not have", () => {
    const document = documentOf({ empty: node("Empty"), odd: node("NobodyKnows") });
    expect(why(document, ["empty", "latent"], "odd", "whatever")).toBeNull();
    expect(why(document, ["odd", "image"], "empty", "width")).toBeNull();
  });

  test("of a whole number into an input of real numbers, and not the other way round", () => {
    const kinds = new Map(
      [kind("Whole", "", "n:int"), kind("Real", "x:float", "x:float")].map((one) => [one.id, one]),
    );
    const document = documentOf({ whole: node("Whole"), real: node("Real"), empty: node("Empty") });
    const both = new Map([...KINDS, ...kinds]);
    expect(refusal(document, both, null, ["whole", "n"], { node: "real", input: "x" })).toBeNull();
    expect(refusal(document, both, null, ["real", "x"], { node: "empty", input: "width" })).toContain(
      "float does not fit",
    );
  });
});

describe("a link is refused", () => {
  test("where the types differ, with the node that would help", () => {
    expect(why(TEXT_TO_IMAGE, ["sample", "latent"], "save", "images")).toBe(
      "LATENT does not fit into IMAGE: put 'Decode' between",
    );
    expect(why(TEXT_TO_IMAGE, ["load", "clip"], "save", "images")).toBe("CLIP does not fit into IMAGE");
  });

  test("that is there already", () => {
    expect(why(TEXT_TO_IMAGE, ["decode", "image"], "save", "images")).toBe("This link is there already");
  });

  test("that would close a circle, which it names in the order of flow", () => {
    const document = documentOf({
      a: node("Invert"),
      b: node("Invert", { image: ["a", "image"] }, { title: "Second" }),
      c: node("Invert", { image: ["b", "image"] }),
    });
    expect(why(document, ["c", "image"], "a", "image")).toBe(
      "It would close a circle: Invert -> Second -> Invert -> Invert",
    );
    expect(why(document, ["a", "image"], "a", "image")).toBe("It would close a circle: Invert -> Invert");
  });

  test("in a long circle, of which it names the beginning", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [
        `n${at}`,
        node("Invert", at ? { image: [`n${at - 1}`, "image"] } : {}, { title: `${at}` }),
      ]),
    );
    expect(why(documentOf(nodes), ["n49", "image"], "n0", "image")).toBe(
      "It would close a circle: 0 -> 1 -> 2 -> 3 -> 4 -> … -> 0",
    );
  });

  test("from or to a port that is not there", () => {
    expect(why(TEXT_TO_IMAGE, ["load", "image"], "save", "images")).toBe("Load has no output 'image'");
    expect(why(TEXT_TO_IMAGE, ["decode", "image"], "save", "pictures")).toBe("Save has no input 'pictures'");
    expect(why(TEXT_TO_IMAGE, ["constructor", "image"], "save", "images")).toBe(
      "There is no node constructor",
    );
  });
});

describe("reroutes", () => {
  const document = documentOf({
    empty: node("Empty"),
    first: node(REROUTE, { value: ["empty", "latent"] }),
    second: node(REROUTE, { value: ["first", "value"] }),
    free: node(REROUTE),
    wanting: node(REROUTE),
    save: node("Save", { images: ["wanting", "value"] }),
    invert: node("Invert"),
  });

  test("bring the type of what goes into them", () => {
    expect(why(document, ["second", "value"], "invert", "image")).toContain("LATENT does not fit into IMAGE");
  });

  test("that nothing goes into fit everywhere", () => {
    expect(why(document, ["free", "value"], "invert", "image")).toBeNull();
  });

  test("want the type of what reads from them", () => {
    expect(why(document, ["empty", "latent"], "wanting", "value")).toContain(
      "LATENT does not fit into IMAGE",
    );
    expect(why(document, ["second", "value"], "wanting", "value")).toContain(
      "LATENT does not fit into IMAGE",
    );
    expect(why(document, ["invert", "image"], "wanting", "value")).toBeNull();
  });

  test("can close circles too", () => {
    expect(why(document, ["second", "value"], "first", "value")).toBe(
      "It would close a circle: Reroute -> Reroute -> Reroute",
    );
  });
});

describe("subgraphs", () => {
  const document: Document = documentOf(
    {
      empty: node("Empty"),
      invert: node("Invert"),
      one: node("@s", { picture: ["invert", "image"] }),
      save: node("Save"),
    },
    {
      subgraphs: {
        s: {
          title: "Two lanes",
          inputs: [{ name: "picture" }, { name: "latent" }, { name: "loose" }],
          outputs: [
            { name: "image", from: ["in", "image"] },
            { name: "decoded", from: ["dec", "image"] },
          ],
          nodes: {
            in: node("Invert", { image: ["@inputs", "picture"] }),
            dec: node("Decode", { samples: ["@inputs", "latent"] }),
            sample: node("Sample"),
          },
        },
      },
    },
  );

  test("have the types of what is inside", () => {
    expect(why(document, ["empty", "latent"], "one", "latent")).toBeNull();
    expect(why(document, ["empty", "latent"], "one", "picture")).toContain("LATENT does not fit into IMAGE");
    expect(why(document, ["one", "decoded"], "save", "images")).toBeNull();
    expect(why(document, ["one", "decoded"], "one", "latent")).toContain("circle");
  });

  test("have no circle where an output does not depend on the input", () => {
    expect(why(document, ["one", "decoded"], "one", "picture")).toBeNull();
    expect(why(document, ["one", "image"], "one", "picture")).toBe(
      "It would close a circle: Two lanes -> Two lanes",
    );
  });

  test("bring in what their instances are given", () => {
    expect(why(document, ["@inputs", "picture"], "sample", "latent", "s")).toContain(
      "IMAGE does not fit into LATENT",
    );
    expect(why(document, ["@inputs", "latent"], "sample", "latent", "s")).toBeNull();
    expect(why(document, ["@inputs", "loose"], "sample", "latent", "s")).toBeNull();
    expect(why(document, ["@inputs", "nothing"], "sample", "latent", "s")).toBe(
      "The subgraph has no such port",
    );
  });

  test("give out what is wanted around them", () => {
    const read = documentOf(
      { ...document.nodes, save: node("Save", { images: ["one", "image"] }) },
      document.subgraphs ? { subgraphs: document.subgraphs } : {},
    );
    expect(why(read, ["sample", "latent"], "@outputs", "image", "s")).toContain(
      "LATENT does not fit into IMAGE",
    );
    expect(why(read, ["dec", "image"], "@outputs", "image", "s")).toBeNull();
    expect(
      connect(read.subgraphs?.["s"] ?? read, ["dec", "image"], { node: "@outputs", input: "image" }),
    ).toMatchObject({
      outputs: [{ from: ["dec", "image"] }, {}],
    });
  });

  test("can close a circle from inside, through the instances around them", () => {
    const around = documentOf(
      {
        ...document.nodes,
        one: node("@s", { picture: ["between", "image"] }),
        between: node("Invert", { image: ["one", "decoded"] }),
      },
      document.subgraphs ? { subgraphs: document.subgraphs } : {},
    );
    expect(why(around, ["in", "image"], "sample", "latent", "s")).toContain("does not fit");
    expect(why(around, ["in", "image"], "dec", "samples", "s")).toBe(
      "It would close a circle: Two lanes -> Invert -> Two lanes",
    );
  });

  test("that hold themselves do no harm", () => {
    const endless = documentOf(
      { a: node("@s"), b: node("Invert") },
      {
        subgraphs: {
          s: {
            title: "Endless",
            inputs: [{ name: "x" }],
            outputs: [{ name: "y", from: ["inner", "y"] }],
            nodes: { inner: node("@s", { x: ["@inputs", "x"] }) },
          },
        },
      },
    );
    expect(why(endless, ["a", "y"], "b", "image")).toBeNull();
    expect(why(endless, ["b", "image"], "a", "x")).toBeNull();
  });
});

test("a link that is taken away leaves the default, and a value of its own stays", () => {
  const without = disconnect(TEXT_TO_IMAGE, END);
  expect(without.nodes["save"]?.inputs).toEqual({ prefix: "toy" });
  expect(disconnect(without, { node: "save", input: "prefix" })).toBe(without);
  expect(connect(without, ["decode", "image"], END).nodes["save"]?.inputs["images"]).toEqual([
    "decode",
    "image",
  ]);
});

test("a refusal among 5,000 nodes looks at each of them at most a few times", () => {
  let looked = 0;
  const document = manyNodes(5000, chance(1));
  const nodes = Object.fromEntries(
    Object.entries(document.nodes).map(([id, one]) => [
      id,
      Object.defineProperty({ ...one }, "inputs", {
        enumerable: true,
        get: () => ((looked += 1), one.inputs),
      }),
    ]),
  );
  const last: Link = ["n4999", nodes["n4999"]?.class_type === REROUTE ? "value" : "image"];
  expect(refusal({ ...document, nodes }, KINDS, null, last, { node: "n1", input: "one" })).toContain(
    "circle",
  );
  expect(looked).toBeLessThan(20_000);
});
