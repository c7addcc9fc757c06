import { describe, expect, test } from "vitest";

import { REROUTE, type Document, type Subgraph } from "./document";
import { makeSubgraph, unpack } from "./subgraphs";
import { specOf } from "./specs";
import {
  chance,
  documentOf,
  flatGraph,
  KINDS,
  manyNodes,
  node,
  ODDLY_NAMED,
  shapeOf,
  TEXT_TO_IMAGE,
} from "./toys";

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

test("a node called __proto__ goes into a subgraph, stays outside of one, and comes out again", () => {
  const ids = Object.keys(ODDLY_NAMED.nodes);
  for (const chosen of [["__proto__"], ["b"], ["a", "__proto__", "b"]]) {
    const { document, id } = makeSubgraph(ODDLY_NAMED, KINDS, null, chosen, "Odd");
    expect(shapeOf(document)).toEqual(shapeOf(ODDLY_NAMED));
    const out = unpack(document, null, id).document;
    expect(Object.keys(out.nodes).sort()).toEqual([...ids].sort());
    expect(shapeOf(out)).toEqual(shapeOf(ODDLY_NAMED));
  }
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
