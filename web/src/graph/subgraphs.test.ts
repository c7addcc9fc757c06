import { describe, expect, test } from "vitest";

import { REROUTE, type Document, type Subgraph } from "./document";
import {
  exposeInput,
  exposeOutput,
  hideInput,
  hideOutput,
  makeSubgraph,
  mayHold,
  movePort,
  renamePort,
  unpack,
  usesOf,
} from "./subgraphs";
import { specOf } from "./specs";
import { wayInto } from "./uses";
import { chance, documentOf, flatGraph, KINDS, manyNodes, node, shapeOf, TEXT_TO_IMAGE } from "./toys";

function subgraphIn(document: Document, id = "1"): Subgraph {
  const found = document.subgraphs?.[id];
  if (!found) throw new Error("There is no such subgraph.");
  return found;
}

const MADE = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt", "negative", "sample"], "Draw");

describe("a subgraph made of nodes", () => {
  test("has one input for each thing that they read, and one output for each that is read of them", () => {
    const { inputs, outputs, title } = subgraphIn(MADE.document);
    expect(title).toBe("Draw");
    expect(inputs.map((one) => one.name)).toEqual(["clip", "model", "latent"]);
    expect(outputs).toEqual([{ name: "latent", from: ["sample", "latent"] }]);
    expect(MADE.document.nodes[MADE.id]?.inputs).toEqual({
      clip: ["load", "clip"],
      model: ["load", "model"],
      latent: ["empty", "latent"],
    });
    expect(MADE.document.nodes["decode"]?.inputs["samples"]).toEqual([MADE.id, "latent"]);
  });

  test("has the types of what is in it", () => {
    const spec = specOf(MADE.document, KINDS, "@1");
    expect(spec?.inputs.map((one) => one.type)).toEqual(["CLIP", "MODEL", "LATENT"]);
    expect(spec?.outputs.map((one) => one.type)).toEqual(["LATENT"]);
  });

  test("computes the same as the nodes did, and so does what comes out of it again", () => {
    expect(shapeOf(MADE.document)).toEqual(shapeOf(TEXT_TO_IMAGE));
    const { document, ids } = unpack(MADE.document, null, MADE.id);
    expect(flatGraph(document)).toEqual(flatGraph(TEXT_TO_IMAGE));
    expect(ids).toEqual(["prompt", "negative", "sample"]);
    expect(document.subgraphs).toEqual({});
  });

  test("takes its groups and notes with it, and gives them back", () => {
    const framed = {
      ...TEXT_TO_IMAGE,
      groups: [{ id: "group-1", title: "Texts", bounds: [300, 0, 200, 200] as const }],
      notes: [{ id: "note-1", text: "*hello*", bounds: [0, 0, 9, 9] as const }],
    };
    const made = makeSubgraph(framed, KINDS, null, ["prompt", "group-1", "note-1"], "Texts");
    expect(made.document).toMatchObject({ groups: [], notes: [] });
    expect(subgraphIn(made.document).groups?.[0]?.title).toBe("Texts");
    expect(unpack(made.document, null, made.id).document).toMatchObject({
      groups: [{ id: "group-1", title: "Texts" }],
      notes: [{ text: "*hello*" }],
    });
  });

  test("keeps the fields of the form view on their nodes, in and out", () => {
    const shown = {
      ...TEXT_TO_IMAGE,
      exposed: [
        { node: "prompt", input: "text" },
        { node: "load", input: "name" },
      ],
    };
    const made = makeSubgraph(shown, KINDS, null, ["prompt"], "Text");
    expect(made.document.exposed).toEqual([
      { node: `${made.id}:prompt`, input: "text" },
      { node: "load", input: "name" },
    ]);
    expect(unpack(made.document, null, made.id).document.exposed).toEqual(shown.exposed);
  });
});

test("any nodes of a random graph can be put into a subgraph, of a subgraph, and taken out again", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = chance(seed);
    const document = manyNodes(25, random);
    const chosen = Object.keys(document.nodes).filter(() => random() < 0.4);
    const made = makeSubgraph(document, KINDS, null, chosen, "Some");
    expect(shapeOf(made.document)).toEqual(shapeOf(document));
    const further = chosen.filter(() => random() < 0.5);
    const nested = makeSubgraph(made.document, KINDS, "1", further, "Further");
    expect(shapeOf(nested.document)).toEqual(shapeOf(document));
    const out = unpack(unpack(nested.document, "1", nested.id).document, null, made.id);
    expect(flatGraph(out.document)).toEqual(flatGraph(document));
    expect(shapeOf(unpack(nested.document, null, made.id).document)).toEqual(shapeOf(document));
  }
});

describe("unpacking", () => {
  const document = documentOf(
    {
      a: node("Empty"),
      in: node("@s", { latent: ["a", "latent"], width: 32 }),
      other: node("@s", { width: 8 }),
      b: node("Decode", { samples: ["in", "straight"] }),
    },
    {
      subgraphs: {
        s: {
          title: "Mixed",
          inputs: [{ name: "latent" }, { name: "width", default: 16 }, { name: "height", default: 24 }],
          outputs: [{ name: "straight", from: ["@inputs", "latent"] }],
          nodes: {
            a: node("Empty", { width: ["@inputs", "width"], height: ["@inputs", "height"] }),
            way: node(REROUTE, { value: ["@inputs", "latent"] }),
          },
        },
      },
    },
  );

  test("puts the values of the instance, or the defaults, into what read them", () => {
    const out = unpack(document, null, "in").document;
    const [id] = unpack(document, null, "in").ids;
    expect(out.nodes[id ?? ""]?.inputs).toEqual({ width: 32, height: 24 });
  });

  test("gives nodes other ids where theirs are taken, and leaves other instances as they are", () => {
    const { document: out, ids } = unpack(document, null, "in");
    expect(ids).toHaveLength(2);
    expect(out.nodes["a"]).toBe(document.nodes["a"]);
    expect(out.subgraphs).toBe(document.subgraphs);
    expect(out.nodes["b"]?.inputs["samples"]).toEqual(["a", "latent"]);
    expect(shapeOf(out)).toEqual(shapeOf(document));
  });

  test("what is muted stays muted", () => {
    const muted = { ...document, nodes: { ...document.nodes, in: node("@s", {}, { mode: "mute" }) } };
    const { document: out, ids } = unpack(muted, null, "in");
    expect(ids.map((id) => out.nodes[id]?._meta?.mode)).toEqual(["mute", "mute"]);
  });

  test("what is no instance stays as it is", () => {
    expect(unpack(document, null, "a")).toEqual({ document, ids: [] });
    expect(unpack(document, null, "nobody").document).toBe(document);
  });
});

describe("ports", () => {
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
});

describe("uses of subgraphs", () => {
  const nested = makeSubgraph(MADE.document, KINDS, null, [MADE.id, "empty"], "Around");

  test("are found on every sheet, and the way to a sheet too", () => {
    expect(usesOf(nested.document, "1")).toEqual([{ sheet: "2", id: MADE.id }]);
    expect(usesOf(nested.document, "nobody")).toEqual([]);
    expect(wayInto(nested.document, "1")).toEqual([
      { instance: nested.id, subgraph: "2" },
      { instance: MADE.id, subgraph: "1" },
    ]);
    expect(wayInto(nested.document, null)).toEqual([]);
    expect(wayInto(nested.document, "nobody")).toBeNull();
  });

  test("may not put a subgraph into itself", () => {
    expect(mayHold(nested.document, null, "1")).toBe(true);
    expect(mayHold(nested.document, "2", "1")).toBe(true);
    expect(mayHold(nested.document, "1", "2")).toBe(false);
    expect(mayHold(nested.document, "1", "1")).toBe(false);
  });
});
