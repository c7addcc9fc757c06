import { describe, expect, test } from "vitest";

import type { Document, Subgraph } from "../graph/document";
import { moveNodes, setInput } from "../graph/edit";
import { documentOf, KINDS, node, TEXT_TO_IMAGE } from "../graph/toys";
import { itemAt, socketAt } from "./items";
import type { Scene, Source } from "./model";
import { sceneOf } from "./scene";

function source(document: Document, rest: Partial<Source> = {}): Source {
  return { document, sheetId: null, specs: KINDS, instances: [], pictured: new Set(), ...rest };
}

function changed(before: Scene, after: Scene): string[] {
  return [...after.items.keys()].filter((id) => after.items.get(id) !== before.items.get(id));
}

describe("after an edit", () => {
  const before = sceneOf(source(TEXT_TO_IMAGE), null);

  test("of one node only that one is another object", () => {
    const edited = setInput(TEXT_TO_IMAGE, "prompt", "text", "a blue square");
    const after = sceneOf(source(edited), before);
    expect(changed(before, after)).toEqual(["prompt"]);
    expect(after.wires).toBe(before.wires);
    expect(after.boxes).toBe(before.boxes);
  });

  test("that moves a node its place changes, and no link does", () => {
    const moved = moveNodes(TEXT_TO_IMAGE, new Map([["prompt", [40, 900]]]));
    const after = sceneOf(source(moved), before);
    expect(changed(before, after)).toEqual(["prompt"]);
    expect(after.boxes.get("prompt")?.slice(0, 2)).toEqual([40, 900]);
    expect(after.wires).toBe(before.wires);
  });

  test("that makes a link the others stay the objects that they were", () => {
    const linked = setInput(TEXT_TO_IMAGE, "prompt", "clip", ["load", "vae"]);
    const after = sceneOf(source(linked), before);
    const others = (scene: Scene) => scene.wires.filter((wire) => wire.node !== "prompt");
    expect(others(after).every((wire, place) => wire === others(before)[place])).toBe(true);
    expect(after.wires).not.toBe(before.wires);
  });

  test("that removes a node its links go too", () => {
    const { load: _, ...nodes } = TEXT_TO_IMAGE.nodes;
    const after = sceneOf(source({ ...TEXT_TO_IMAGE, nodes }), before);
    expect(after.wires.some((wire) => wire.from[0] === "load")).toBe(false);
  });

  test("a node that has come to show a picture gets room for it", () => {
    const after = sceneOf(source(TEXT_TO_IMAGE, { pictured: new Set(["save"]) }), before);
    expect(changed(before, after)).toEqual(["save"]);
  });
});

test("what flows through reroutes colours them and their links", () => {
  const document = documentOf({
    empty: node("Empty"),
    one: node("@reroute", { value: ["empty", "latent"] }),
    two: node("@reroute", { value: ["one", "value"] }),
    decode: node("Decode", { samples: ["two", "value"] }),
  });
  const { items, wires } = sceneOf(source(document), null);
  expect(wires.map(({ port }) => port.kind === "named" && port.name)).toEqual(["LATENT", "LATENT", "LATENT"]);
  expect(items.get("two")?.content).toMatchObject({ kind: "reroute", through: { name: "LATENT" } });
});

test("a node of a kind that nobody knows has the sockets that the document tells of", () => {
  const document = documentOf({
    odd: node("Odd", { x: 3 }),
    save: node("Save", { images: ["odd", "picture"] }),
  });
  const scene = sceneOf(source(document), null);
  const content = scene.items.get("odd")?.content;
  expect(content).toMatchObject({ inputs: [{ name: "x" }], outputs: [{ name: "picture" }] });
  expect(scene.wires).toHaveLength(1);
});

test("the inside of a subgraph has its ends, and links from and to them", () => {
  const inner: Subgraph = {
    title: "Text",
    nodes: { encode: node("Encode", { clip: ["@inputs", "clip"] }) },
    inputs: [{ name: "clip" }],
    outputs: [{ name: "out", from: ["encode", "conditioning"] }],
  };
  const document = documentOf({ a: node("@text") }, { subgraphs: { text: inner } });
  const scene = sceneOf(source(document, { sheetId: "text", instances: ["a"] }), null);
  expect([...scene.items.keys()]).toEqual(["encode", "@inputs", "@outputs"]);
  expect(scene.items.get("encode")?.content).toMatchObject({ flat: "a:encode" });
  expect(scene.wires.map(({ key }) => key)).toEqual(["encode\nclip", "@outputs\nout"]);
});

test("a socket of a node that is made wider goes with its side", () => {
  const item = sceneOf(source(TEXT_TO_IMAGE), null).items.get("load");
  if (!item) throw new Error("There is such a node.");
  const [x, y] = item.box;
  const wide = itemAt(item, [x, y, 600, item.box[3]]);
  expect(socketAt(wide, "out", "clip")[0]).toBe(x + 600);
});
