import { describe, expect, test } from "vitest";

import { KINDS } from "../graph/toys";
import { HEADER, labelOf, ROW, shapeOf, type Parts } from "./shape";

function parts(kind: string, rest: Partial<Parts> = {}): Parts {
  const spec = KINDS.get(kind);
  if (!spec) throw new Error(kind);
  return {
    title: spec.title,
    inputs: spec.inputs,
    outputs: spec.outputs,
    linked: new Set(),
    pictures: false,
    ...rest,
  };
}

describe("a node", () => {
  test("has a socket for each of its inputs and outputs, inside its height, at its sides", () => {
    for (const { id } of KINDS.values()) {
      const given = parts(id);
      const shape = shapeOf(given, null, false);
      expect([...shape.inputs.keys()].sort()).toEqual(given.inputs.map(({ name }) => name).sort());
      expect([...shape.outputs.keys()].sort()).toEqual(given.outputs.map(({ name }) => name).sort());
      for (const [x, y] of shape.inputs.values())
        expect([x, y > HEADER && y < shape.size[1]]).toEqual([0, true]);
      for (const [x, y] of shape.outputs.values())
        expect([x, y > HEADER && y < shape.size[1]]).toEqual([shape.size[0], true]);
    }
  });

  test("has its rows one below the other", () => {
    const { rows, size } = shapeOf(parts("Sample"), null, false);
    rows.slice(1).forEach((row, place) => {
      const before = rows[place];
      expect(row.top).toBeGreaterThanOrEqual((before?.top ?? 0) + (before?.height ?? 0));
    });
    expect((rows.at(-1)?.top ?? 0) + (rows.at(-1)?.height ?? 0)).toBeLessThanOrEqual(size[1]);
  });

  test("gives what it is made larger by to its long texts", () => {
    const small = shapeOf(parts("Encode"), null, false);
    const large = shapeOf(parts("Encode"), [400, small.size[1] + 100], false);
    const text = (shape: typeof small) => shape.rows.find((row) => row.kind === "field")?.height ?? 0;
    expect(text(large) - text(small)).toBeCloseTo(100, -1);
    expect(large.size).toEqual([400, small.size[1] + 100]);
  });

  test("is never smaller than what is in it", () => {
    const shape = shapeOf(parts("Sample"), [1, 1], false);
    expect(shape.size).toEqual(shape.least);
  });

  test("keeps the order of its rows when a field is linked, which is a name alone then", () => {
    const names = (linked: string[]) =>
      shapeOf(parts("Encode", { linked: new Set(linked) }), null, false).rows.map(({ input }) => input?.name);
    expect(names(["text"])).toEqual(names([]));
    const row = shapeOf(parts("Encode", { linked: new Set(["text"]) }), null, false).rows.at(-1);
    expect([row?.kind, row?.height]).toEqual(["sockets", ROW]);
  });

  test("has room for pictures once it shows some", () => {
    const plain = shapeOf(parts("Save"), null, false);
    const shown = shapeOf(parts("Save", { pictures: true }), null, false);
    expect(plain.pictures).toBeNull();
    expect(shown.size[1]).toBeGreaterThan(plain.size[1] + 100);
    expect((shown.pictures?.[0] ?? 0) + (shown.pictures?.[1] ?? 0)).toBeLessThanOrEqual(shown.size[1]);
  });

  test("is only its header when it is collapsed", () => {
    const shape = shapeOf(parts("Sample"), [500, 500], true);
    expect([shape.size[1], shape.rows]).toEqual([HEADER, []]);
    expect(new Set([...shape.inputs.values()].map(String)).size).toBe(1);
  });
});

test("a port without a label is called by its name", () => {
  expect(labelOf({ name: "latent_image", label: "" })).toBe("latent image");
  expect(labelOf({ name: "x", label: "Width" })).toBe("Width");
});
