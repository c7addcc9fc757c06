import { expect, test } from "vitest";

import type { Document, Subgraph } from "./document";
import {
  exposeInput,
  exposeOutput,
  freeName,
  hideInput,
  hideOutput,
  movePort,
  renamePort,
  withoutPorts,
} from "./promote";
import { specOf } from "./specs";
import { makeSubgraph } from "./subgraphs";
import { documentOf, flatGraph, KINDS, node, ODDLY_NAMED, TEXT_TO_IMAGE } from "./toys";

const MADE = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt", "negative", "sample"], "Draw");

test("an input that is shown has its value as the default, and no two ports have one name", () => {
  const shown = exposeInput(exposeInput(MADE.document, "1", { node: "prompt", input: "text" }), "1", {
    node: "negative",
    input: "text",
  });
  expect(subgraphIn(shown).inputs.slice(3)).toEqual([
    { name: "text", default: "a red circle" },
    { name: "text_2", default: "" },
  ]);
  expect(flatGraph(shown)).toEqual(flatGraph(MADE.document));
  const same = exposeInput(shown, "1", { node: "prompt", input: "text" });
  expect(same).toBe(shown);
});

test("an input that is hidden leaves behind what the instance had", () => {
  const shown = exposeInput(MADE.document, "1", { node: "prompt", input: "text" });
  const instance = { ...shown.nodes[MADE.id], class_type: "@1", inputs: { text: "a blue square" } };
  const hidden = hideInput({ ...shown, nodes: { ...shown.nodes, [MADE.id]: instance } }, "1", "text");
  expect(subgraphIn(hidden).nodes["prompt"]?.inputs["text"]).toBe("a blue square");
  expect(hidden.nodes[MADE.id]?.inputs).toEqual({});
  expect(flatGraph(hideInput(shown, "1", "text"))).toEqual(flatGraph(MADE.document));
});

test("an output that is hidden takes the links from it along, also through the subgraphs around", () => {
  const nested = makeSubgraph(MADE.document, KINDS, null, [MADE.id, "empty"], "Around").document;
  expect(nested.nodes["decode"]?.inputs["samples"]).toBeDefined();
  const hidden = hideOutput(nested, "1", "latent");
  expect(subgraphIn(hidden, "2").outputs).toEqual([]);
  expect(hidden.nodes["decode"]?.inputs).toEqual({ vae: ["load", "vae"] });
});

test("an output is shown once", () => {
  const shown = exposeOutput(MADE.document, "1", ["prompt", "conditioning"], "Meaning");
  expect(subgraphIn(shown).outputs[1]).toEqual({
    name: "conditioning",
    label: "Meaning",
    from: ["prompt", "conditioning"],
  });
  expect(exposeOutput(shown, "1", ["prompt", "conditioning"])).toBe(shown);
});

test("a port gets another name for people, and its links stay", () => {
  const renamed = renamePort(MADE.document, "1", "inputs", "clip", "Text model");
  expect(specOf(renamed, KINDS, "@1")?.inputs[0]).toMatchObject({ name: "clip", label: "Text model" });
  expect(flatGraph(renamed)).toEqual(flatGraph(MADE.document));
  expect(renamePort(renamed, "1", "inputs", "clip", " ")).toEqual(MADE.document);
  expect(subgraphIn(renamePort(MADE.document, "1", "outputs", "latent", "Drawn")).outputs[0]?.label).toBe(
    "Drawn",
  );
});

test("a port moves to another place", () => {
  const names = (place: number) =>
    subgraphIn(movePort(MADE.document, "1", "inputs", "clip", place)).inputs.map((one) => one.name);
  expect(names(2)).toEqual(["model", "latent", "clip"]);
  expect(names(0)).toEqual(["clip", "model", "latent"]);
});

test("a linked input is not shown, and nothing of a subgraph that is not there", () => {
  expect(exposeInput(MADE.document, "1", { node: "sample", input: "latent" })).toBe(MADE.document);
  expect(exposeInput(MADE.document, "1", { node: "nobody", input: "text" })).toBe(MADE.document);
  expect(exposeInput(MADE.document, "9", { node: "sample", input: "seed" })).toBe(MADE.document);
  expect(exposeOutput(MADE.document, "9", ["sample", "latent"])).toBe(MADE.document);
  expect(hideOutput(MADE.document, "1", "nothing")).toBe(MADE.document);
});

test("an input without a value is shown without a default", () => {
  const shown = exposeInput(MADE.document, "1", { node: "sample", input: "steps" }, "Steps");
  expect(subgraphIn(shown).inputs.at(-1)).toEqual({ name: "steps", label: "Steps" });
});

test("an input that is hidden takes along the outputs that gave it on, and the links from them", () => {
  const straight: Document = documentOf(
    { a: node("Invert"), s: node("@s", { p: ["a", "image"] }), b: node("Invert", { image: ["s", "q"] }) },
    {
      subgraphs: {
        s: {
          title: "",
          nodes: {},
          inputs: [{ name: "p" }],
          outputs: [{ name: "q", from: ["@inputs", "p"] }],
        },
      },
    },
  );
  const hidden = hideInput(straight, "s", "p");
  expect(subgraphIn(hidden, "s")).toMatchObject({ inputs: [], outputs: [] });
  expect([hidden.nodes["s"]?.inputs, hidden.nodes["b"]?.inputs]).toEqual([{}, {}]);
});

test("with nodes go the outputs that they gave, and the fields of the form view", () => {
  const shown: Document = { ...MADE.document, exposed: [{ node: `${MADE.id}:gone`, input: "text" }] };
  const next = withoutPorts(shown, "1", new Set(["sample"]));
  expect(subgraphIn(next).outputs).toEqual([]);
  expect(next.nodes["decode"]?.inputs).toEqual({ vae: ["load", "vae"] });
  expect(next.exposed).toEqual([]);
  expect(withoutPorts(MADE.document, "1", new Set(["prompt"]))).toBe(MADE.document);
});

test("a node called __proto__ stays where ports are hidden", () => {
  const { document } = makeSubgraph(ODDLY_NAMED, KINDS, null, ["__proto__", "b"], "Odd");
  const inner = (next: Document) => Object.keys(subgraphIn(next).nodes);
  expect(inner(hideInput(document, "1", "image"))).toEqual(["__proto__", "b"]);
  const outside = makeSubgraph(ODDLY_NAMED, KINDS, null, ["b"], "Odd").document;
  expect(Object.keys(hideOutput(outside, "1", "image").nodes)).toContain("__proto__");
});

test("a free name is the wanted one, or that with the next number", () => {
  const ports = [{ name: "text" }, { name: "text_2" }];
  expect(freeName("clip", ports)).toBe("clip");
  expect(freeName("text", ports)).toBe("text_3");
});

function subgraphIn(document: Document, id = "1"): Subgraph {
  const found = document.subgraphs?.[id];
  if (!found) throw new Error("There is no such subgraph.");
  return found;
}
