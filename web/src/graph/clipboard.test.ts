import { describe, expect, test } from "vitest";

import { clipOf, clipText, copy, duplicate, paste } from "./clipboard";
import { EMPTY, isLink, type Document } from "./document";
import { makeSubgraph } from "./subgraphs";
import { chance, documentOf, KINDS, manyNodes, node, ODDLY_NAMED, shapeOf, TEXT_TO_IMAGE } from "./toys";

const DRAWN = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt", "sample"], "Draw");

describe("pasting", () => {
  test("a copy of everything into an empty document gives the same graph", () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const document = manyNodes(40, chance(seed));
      const clip = copy(document, null, Object.keys(document.nodes));
      expect(shapeOf(paste(EMPTY, null, clip, [0, 0], false).document)).toEqual(shapeOf(document));
    }
  });

  test("puts the upper left corner where it is told, and keeps the places relative to it", () => {
    const { document, ids } = paste(
      EMPTY,
      null,
      copy(TEXT_TO_IMAGE, null, ["prompt", "sample"]),
      [10, 20],
      false,
    );
    expect(ids.map((id) => document.nodes[id]?._meta?.position)).toEqual([
      [10, 20],
      [310, 20],
    ]);
    expect(document.nodes[ids[0] ?? ""]?._meta?.title).toBe("Prompt");
  });

  test("keeps links among the copies, and those from outside only if asked", () => {
    const clip = copy(TEXT_TO_IMAGE, null, ["sample", "decode"]);
    const [sample, decode] = paste(TEXT_TO_IMAGE, null, clip, [0, 0], false).ids;
    const alone = paste(TEXT_TO_IMAGE, null, clip, [0, 0], false).document.nodes;
    expect(alone[decode ?? ""]?.inputs).toEqual({ samples: [sample, "latent"] });
    const linked = paste(TEXT_TO_IMAGE, null, clip, [0, 0], true).document.nodes;
    expect(linked[decode ?? ""]?.inputs).toEqual({ samples: [sample, "latent"], vae: ["load", "vae"] });
    expect(linked["save"]?.inputs["images"]).toEqual(["decode", "image"]);
  });

  test("into another document links only to nodes of the same kind", () => {
    const clip = copy(TEXT_TO_IMAGE, null, ["decode"]);
    const other = documentOf({ load: node("Load"), sample: node("Invert") });
    const { document, ids } = paste(other, null, clip, [0, 0], true);
    expect(document.nodes[ids[0] ?? ""]?.inputs).toEqual({ vae: ["load", "vae"] });
  });

  test("changes nothing but what it adds", () => {
    const { document } = paste(TEXT_TO_IMAGE, null, copy(TEXT_TO_IMAGE, null, ["save"]), [0, 0], true);
    expect(document.nodes).toMatchObject(TEXT_TO_IMAGE.nodes);
    expect(Object.keys(document.nodes)).toHaveLength(8);
    expect(TEXT_TO_IMAGE.nodes["8"]).toBeUndefined();
  });

  test("onto a sheet that is not there does nothing", () => {
    expect(paste(EMPTY, "gone", copy(TEXT_TO_IMAGE, null, ["save"]), [0, 0], true)).toEqual({
      document: EMPTY,
      ids: [],
    });
  });
});

test("a group is copied with what lies in it", () => {
  const document: Document = {
    ...TEXT_TO_IMAGE,
    groups: [{ id: "group-1", title: "Texts", bounds: [280, -40, 300, 420] }],
    notes: [{ id: "note-1", text: "hello", bounds: [300, 0, 50, 50] }],
  };
  const clip = copy(document, null, ["group-1"]);
  expect(Object.keys(clip.nodes)).toEqual(["prompt", "negative"]);
  const pasted = paste(document, null, clip, [1000, 1000], false);
  expect(pasted.ids).toEqual(["8", "9", "group-2", "note-2"]);
  expect(pasted.document.groups?.map((one) => one.bounds)).toEqual([
    [280, -40, 300, 420],
    [1000, 1000, 300, 420],
  ]);
});

test("a copy knows the kinds of those outside that it reads", () => {
  expect(copy(TEXT_TO_IMAGE, null, ["prompt", "sample"]).outside).toEqual({
    load: "Load",
    negative: "Encode",
    empty: "Empty",
  });
});

test("a duplicate reads what the original reads, and stands beside it", () => {
  const { document, ids } = duplicate(TEXT_TO_IMAGE, null, ["decode"]);
  expect(document.nodes[ids[0] ?? ""]).toEqual(
    node("Decode", { samples: ["sample", "latent"], vae: ["load", "vae"] }, { position: [940, 40] }),
  );
});

test("a node called __proto__ is copied, and read by copies of those that read it", () => {
  const all = paste(EMPTY, null, copy(ODDLY_NAMED, null, Object.keys(ODDLY_NAMED.nodes)), [0, 0], false);
  expect(shapeOf(all.document)).toEqual(shapeOf(ODDLY_NAMED));
  const { document, ids } = duplicate(ODDLY_NAMED, null, ["b"]);
  expect(document.nodes[ids[0] ?? ""]?.inputs["image"]).toEqual(["__proto__", "image"]);
  expect(Object.keys(document.nodes)).toContain("__proto__");
});

describe("subgraphs", () => {
  const clip = copy(DRAWN.document, null, [DRAWN.id]);

  test("travel along", () => {
    const { document, ids } = paste(EMPTY, null, clip, [0, 0], false);
    expect(document.nodes[ids[0] ?? ""]?.class_type).toBe("@1");
    expect(document.subgraphs?.["1"]).toEqual(DRAWN.document.subgraphs?.["1"]);
  });

  test("that the document has already are shared", () => {
    expect(paste(DRAWN.document, null, clip, [0, 0], true).document.subgraphs).toBe(DRAWN.document.subgraphs);
  });

  test("that differ under the same id come in under another", () => {
    const other = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["decode"], "Other").document;
    const { document, ids } = paste(other, null, clip, [0, 0], false);
    expect(document.nodes[ids[0] ?? ""]?.class_type).toBe("@2");
    expect(document.subgraphs?.["1"]?.title).toBe("Other");
    expect(document.subgraphs?.["2"]?.title).toBe("Draw");
  });

  test("pasted into themselves become copies, so that none holds itself", () => {
    const { document, ids } = paste(DRAWN.document, "1", clip, [0, 0], false);
    expect(document.subgraphs?.["1"]?.nodes[ids[0] ?? ""]?.class_type).toBe("@2");
    expect(Object.values(document.subgraphs?.["2"]?.nodes ?? {}).map((one) => one.class_type)).toEqual([
      "Encode",
      "Sample",
    ]);
  });

  test("keep what comes into them where the sheet has it too", () => {
    const inner = copy(DRAWN.document, "1", ["prompt"]);
    const { document, ids } = paste(DRAWN.document, "1", inner, [0, 0], true);
    expect(document.subgraphs?.["1"]?.nodes[ids[0] ?? ""]?.inputs["clip"]).toEqual(["@inputs", "clip"]);
    const outside = paste(DRAWN.document, null, inner, [0, 0], true);
    expect(outside.document.nodes[outside.ids[0] ?? ""]?.inputs["clip"]).toBeUndefined();
  });
});

describe("as text", () => {
  test("a clip comes back as it was", () => {
    const clip = copy(DRAWN.document, null, Object.keys(DRAWN.document.nodes));
    expect(clipOf(clipText(clip))).toEqual(clip);
  });

  test("anything else is no clip", () => {
    const good = JSON.parse(clipText(copy(TEXT_TO_IMAGE, null, ["save"]))) as object;
    const texts = ["", "hello", "[]", "null", "{}", '{"weft": 2, "nodes": {}}', '{"weft": "clip"}'];
    for (const text of texts) expect(clipOf(text)).toBeNull();
    for (const broken of [
      { nodes: { a: 1 } },
      { nodes: { a: { class_type: "X" } } },
      { groups: [{ id: "g" }] },
      { notes: [{ id: "n", text: "x", bounds: [0, 0, null, 1] }] },
      { subgraphs: { s: { title: "x" } } },
      { outside: [] },
    ])
      expect(clipOf(JSON.stringify({ ...good, ...broken }))).toBeNull();
  });
});

test("5,000 nodes are copied and pasted with each link looked at once", () => {
  const document = manyNodes(5000, chance(5));
  const { ids, document: pasted } = paste(
    document,
    null,
    copy(document, null, Object.keys(document.nodes)),
    [0, 0],
    true,
  );
  expect(ids).toHaveLength(5000);
  expect(
    Object.values(pasted.nodes)
      .flatMap((one) => Object.values(one.inputs))
      .filter(isLink),
  ).toHaveLength(
    2 *
      Object.values(document.nodes)
        .flatMap((one) => Object.values(one.inputs))
        .filter(isLink).length,
  );
});
