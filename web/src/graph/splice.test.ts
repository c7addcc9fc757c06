import { describe, expect, test } from "vitest";

import table from "../../../tests/goldens/bypass.json";
import { connect } from "./connect";
import { FROM_OUTSIDE, isLink, REROUTE, type Document, type Link } from "./document";
import { linksOf, removeNodes } from "./edit";
import { addReroute, cut, insertOnLink, passageOn, passedBy, remove, removeKeepingLinks } from "./splice";
import type { InputSpec, NodeSpec, Port } from "./specs";
import { makeSubgraph } from "./subgraphs";
import {
  chance,
  documentOf,
  flatGraph,
  kind,
  KINDS,
  manyNodes,
  node,
  ODDLY_NAMED,
  oneOf,
  shapeOf,
  TEXT_TO_IMAGE,
} from "./toys";

const SAVE = { node: "save", input: "images" };

function without(document: Document, ...ids: string[]): Document {
  return removeKeepingLinks(document, KINDS, null, new Set(ids));
}

describe("a node put on a link", () => {
  const ready = {
    ...TEXT_TO_IMAGE,
    nodes: { ...TEXT_TO_IMAGE.nodes, invert: node("Invert"), empty2: node("Empty") },
  };

  test("reads what the link brought, and is read in its place", () => {
    const { nodes } = insertOnLink(ready, KINDS, null, SAVE, "invert");
    expect(nodes["invert"]?.inputs).toEqual({ image: ["decode", "image"] });
    expect(nodes["save"]?.inputs["images"]).toEqual(["invert", "image"]);
  });

  test("has to have fitting ports that are free", () => {
    expect(passageOn(ready, KINDS, null, SAVE, "empty2")).toBeNull();
    expect(insertOnLink(ready, KINDS, null, SAVE, "empty2")).toBe(ready);
    expect(passageOn(ready, KINDS, null, { node: "invert", input: "image" }, "empty2")).toBeNull();
    expect(passageOn(ready, KINDS, null, SAVE, "save")).toBeNull();
    expect(passageOn(ready, KINDS, null, SAVE, "nobody")).toBeNull();
  });

  test("may not close a circle", () => {
    const behind = { ...ready, nodes: { ...ready.nodes, loop: node("Blend", { one: ["invert", "image"] }) } };
    const fed = {
      ...behind,
      nodes: { ...behind.nodes, invert: node("Invert", { image: ["decode", "image"] }) },
    };
    expect(passageOn(fed, KINDS, null, { node: "invert", input: "image" }, "loop")).toBeNull();
    expect(passageOn(fed, KINDS, null, SAVE, "loop")).toEqual({ input: "two", output: "image" });
  });

  test("is taken out again without a trace", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = chance(seed);
      const document = manyNodes(30, random);
      const { node: id, input } = oneOf([...linksOf(document)], random);
      const added = { ...document, nodes: { ...document.nodes, fresh: node("Invert") } };
      const on = insertOnLink(added, KINDS, null, { node: id, input }, "fresh");
      expect(on).not.toBe(added);
      expect(without(on, "fresh")).toEqual(document);
    }
  });
});

describe("nodes taken out of links", () => {
  test("leave a link from what they read to who read them", () => {
    const chain = documentOf({
      a: node("Masked"),
      b: node("Invert", { image: ["x", "image"] }),
      x: node("Decode"),
      c: node("Invert", { image: ["b", "image"] }),
      d: node(REROUTE, { value: ["c", "image"] }),
      e: node("Save", { images: ["d", "value"] }),
    });
    expect(without(chain, "b", "c", "d").nodes["e"]?.inputs["images"]).toEqual(["x", "image"]);
  });

  test("leave none where the types differ", () => {
    expect(without(TEXT_TO_IMAGE, "decode").nodes["save"]?.inputs).toEqual({ prefix: "toy" });
  });

  test("give an output the input of its own type, not just the first", () => {
    const split = documentOf({
      i: node("Invert"),
      m: node("Masked"),
      s: node("Split", { image: ["i", "image"], mask: ["m", "mask"] }),
      p: node("Inpaint", { pixels: ["s", "image"], mask: ["s", "mask"] }),
    });
    expect(without(split, "s").nodes["p"]?.inputs).toEqual({ pixels: ["i", "image"], mask: ["m", "mask"] });
  });

  test("leave other links of those who read them alone, be they right or wrong", () => {
    const wrong = documentOf({
      m: node("Masked"),
      s: node("Split", { mask: ["m", "mask"] }),
      p: node("Inpaint", { pixels: ["m", "mask"], mask: ["s", "mask"] }),
    });
    expect(without(wrong, "s").nodes["p"]?.inputs).toEqual({ pixels: ["m", "mask"], mask: ["m", "mask"] });
  });

  test("in a circle leave nothing behind", () => {
    const circle = documentOf({
      a: node("Invert", { image: ["b", "image"] }),
      b: node("Invert", { image: ["a", "image"] }),
      c: node("Save", { images: ["a", "image"] }),
    });
    expect(without(circle, "a", "b").nodes["c"]?.inputs).toEqual({});
  });

  test("keep what a subgraph gives", () => {
    const made = makeSubgraph(
      documentOf({
        a: node("Invert"),
        b: node("Invert", { image: ["a", "image"] }),
        c: node("Save", { images: ["b", "image"] }),
      }),
      KINDS,
      null,
      ["a", "b"],
      "Twice",
    );
    const next = removeKeepingLinks(made.document, KINDS, "1", new Set(["b"]));
    expect(next.subgraphs?.["1"]?.outputs[0]?.from).toEqual(["a", "image"]);
    const all = removeKeepingLinks(next, KINDS, "1", new Set(["a"]));
    expect(all.subgraphs?.["1"]?.outputs).toEqual([]);
    expect(all.nodes["c"]?.inputs).toEqual({});
  });

  test("leave one called __proto__ where it is, and take it out like any other", () => {
    expect(Object.keys(without(ODDLY_NAMED, "b").nodes)).toEqual(["a", "__proto__", "c"]);
    expect(without(ODDLY_NAMED, "b").nodes["c"]?.inputs["images"]).toEqual(["__proto__", "image"]);
    const all = without(ODDLY_NAMED, "__proto__", "b");
    expect(all.nodes).toEqual({ a: node("Invert"), c: node("Save", { images: ["a", "image"] }) });
  });

  test("are 5,000 of one chain, and each link is followed once", () => {
    const nodes = Object.fromEntries(
      Array.from({ length: 5000 }, (_, at) => [
        `n${at}`,
        node("Invert", { image: [at ? `n${at - 1}` : "x", "image"] }),
      ]),
    );
    const document = documentOf({
      x: node("Decode"),
      ...nodes,
      save: node("Save", { images: ["n4999", "image"] }),
    });
    expect(without(document, ...Object.keys(nodes))).toEqual(
      documentOf({ x: node("Decode"), save: node("Save", { images: ["x", "image"] }) }),
    );
  });
});

describe("a bypassed node", () => {
  test("of two conditionings hands the second on for its second output", () => {
    const kinds = new Map([...KINDS, ["Control", CONTROL]]);
    const { nodes } = documentOf({
      ...TEXT_TO_IMAGE.nodes,
      control: node("Control", {
        positive: ["prompt", "conditioning"],
        negative: ["negative", "conditioning"],
        image: ["load", "image"],
      }),
    });
    const handedOn = (output: string) => passedBy(documentOf(nodes), kinds, { nodes }, ["control", output]);
    expect(handedOn("positive")).toEqual(["prompt", "conditioning"]);
    expect(handedOn("negative")).toEqual(["negative", "conditioning"]);
    expect(handedOn("nothing")).toBeNull();
  });

  test.each(table.cases)("hands on what the engine does: $rule", (told) => {
    const { nodes, ...rest } = drawn(told);
    const kinds = new Map([["Node", kindOf(told)]]);
    const found = told.outputs.map(([name = ""]) => [
      name,
      passedBy({ nodes, ...rest }, kinds, { nodes }, ["node", name])?.[0] ?? null,
    ]);
    expect(Object.fromEntries(found)).toEqual(told.hands_on);
  });

  const CONTROL = kind(
    "Control",
    "strength:float=1, positive:CONDITIONING!, negative:CONDITIONING!, image:IMAGE!",
    "positive:CONDITIONING, negative:CONDITIONING",
  );
  const TYPES = table.types as Readonly<Record<string, Port>>;

  type Told = (typeof table.cases)[number];

  // Each linked input reads the node of its own name.
  function drawn(told: Told): Document {
    const given = told.linked.map((name): readonly [string, Link] => [name, [name, "value"]]);
    const inputs = Object.fromEntries(given);
    if (!told.subgraph) return documentOf({ node: node("Node", inputs) });
    const names = told.inputs.map(([name = ""]) => name);
    const inner = node("Node", Object.fromEntries(names.map((name) => [name, [FROM_OUTSIDE, name]])));
    const outputs = told.outputs.map(([name = ""]) => ({ name, from: ["inner", name] as const }));
    const s = { title: "", inputs: names.map((name) => ({ name })), outputs, nodes: { inner } };
    return documentOf({ node: node("@s", inputs) }, { subgraphs: { s } });
  }

  function kindOf(told: Told): NodeSpec {
    const port = (type = "") => ({ type, port: TYPES[type]!, help: "" });
    return {
      ...kind("Node", "", ""),
      inputs: told.inputs.map(([name = "", type, ...marks]): InputSpec => ({
        ...port(type),
        name,
        required: !marks.includes("optional"),
        default: null,
        widget: marks.includes("widget") ? { kind: "Seed" } : null,
      })),
      outputs: told.outputs.map(([name = "", type]) => ({ ...port(type), name, label: name })),
    };
  }
});

describe("removing", () => {
  test("takes the links with it, the frames, and the fields of the form view", () => {
    const document: Document = {
      ...TEXT_TO_IMAGE,
      notes: [{ id: "note-1", text: "", bounds: [0, 0, 1, 1] }],
      exposed: [
        { node: "prompt", input: "text" },
        { node: "load", input: "name" },
      ],
    };
    const next = remove(document, null, new Set(["prompt", "note-1"]));
    expect(next.nodes).toEqual(removeNodes(TEXT_TO_IMAGE, new Set(["prompt"])).nodes);
    expect(next.notes).toEqual([]);
    expect(next.exposed).toEqual([{ node: "load", input: "name" }]);
  });

  test("takes the outputs of a subgraph with it, and who read them", () => {
    const made = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt", "sample"], "Draw");
    const next = remove(made.document, "1", new Set(["sample"]));
    expect(next.subgraphs?.["1"]?.outputs).toEqual([]);
    expect(next.nodes["decode"]?.inputs).toEqual({ vae: ["load", "vae"] });
  });
});

describe("a reroute", () => {
  test("lies on its link and changes nothing of what runs", () => {
    const { sheet, id } = addReroute(TEXT_TO_IMAGE, SAVE, [5, 6]);
    expect(sheet.nodes[id ?? ""]).toEqual(
      node(REROUTE, { value: ["decode", "image"] }, { position: [5, 6] }),
    );
    expect(shapeOf(sheet)).toEqual(shapeOf(TEXT_TO_IMAGE));
  });

  test("needs a link", () => {
    expect(addReroute(TEXT_TO_IMAGE, { node: "save", input: "prefix" }, [0, 0])).toEqual({
      sheet: TEXT_TO_IMAGE,
      id: null,
    });
  });
});

test("cut links are gone, all at once, and values stay", () => {
  const ends = [...linksOf(TEXT_TO_IMAGE)];
  const next = cut(TEXT_TO_IMAGE, [
    ...ends,
    { node: "sample", input: "seed" },
    { node: "nobody", input: "x" },
  ]);
  expect([...linksOf(next)]).toEqual([]);
  expect(next.nodes["sample"]?.inputs).toEqual({ seed: 7 });
  const back = ends.reduce((sheet, { from, ...to }) => connect(sheet, from, to), next);
  expect(flatGraph(back)).toEqual(flatGraph(TEXT_TO_IMAGE));
  expect(isLink(TEXT_TO_IMAGE.nodes["save"]?.inputs["images"])).toBe(true);
});
