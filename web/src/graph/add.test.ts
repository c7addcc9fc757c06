import { describe, expect, test } from "vitest";

import { addNode, defaultsOf, kindsFor } from "./add";
import { REROUTE } from "./document";
import { inputsOf } from "./growing";
import type { InputSpec } from "./specs";
import { makeSubgraph } from "./subgraphs";
import { documentOf, kind, KINDS, node, TEXT_TO_IMAGE } from "./toys";

describe("a new node", () => {
  test("has an id of its own, its place, and the values of its widgets", () => {
    const spec = kind(
      "Draw",
      "model:MODEL!, steps:int=20, text:str!, on:bool!, size:float!, name:file!, note:str",
      "",
    );
    const { sheet, id } = addNode(TEXT_TO_IMAGE, spec, [3, 4]);
    expect(id).toBe("8");
    expect(sheet.nodes[id]).toEqual(
      node("Draw", { steps: 20, text: "", on: false, size: 0 }, { position: [3, 4] }),
    );
  });

  test("begins with the least number that is allowed, and the first choice", () => {
    const [input] = kind("X", "n:int!", "").inputs as [InputSpec];
    const number = { kind: "Number", whole: true, minimum: 16, maximum: null, step: 8 } as const;
    const choice = { kind: "Choice", options: ["euler", "ddim"] } as const;
    const spec = {
      ...kind("X", "", ""),
      inputs: [
        { ...input, widget: number },
        { ...input, name: "c", widget: choice },
      ],
    };
    expect(defaultsOf(spec)).toEqual({ n: 16, c: "euler" });
  });
});

describe("inputs that stand for others", () => {
  const [width] = kind("X", "width:int=8", "").inputs as [InputSpec];
  const [image] = kind("X", "image:IMAGE!", "").inputs as [InputSpec];
  const plain = { ...image, name: "size", required: true };
  const names = (grows: NonNullable<InputSpec["grows"]>, given = {}) =>
    inputsOf({ ...kind("X", "", ""), inputs: [{ ...plain, grows }] }, given).map(
      (one) => one.name + (one.required ? "!" : ""),
    );

  test("are several of a kind, of which some are needed", () => {
    expect(names({ kind: "Repeated", names: ["a", "b", "c"], least: 2, item: image })).toEqual([
      "size.a!",
      "size.b!",
      "size.c",
    ]);
  });

  test("depend on what is chosen", () => {
    const grows = { kind: "Chosen", options: { none: [], crop: [width] } } as const;
    expect(names(grows)).toEqual(["size!"]);
    expect(names(grows, { size: "crop" })).toEqual(["size!", "size.width"]);
    expect(names(grows, { size: "constructor" })).toEqual(["size!"]);
    const spec = { ...kind("X", "", ""), inputs: [{ ...plain, default: "crop", grows }] };
    expect(defaultsOf(spec)).toEqual({ size: "crop", "size.width": 8 });
  });

  test("come with what is linked", () => {
    const grows = { kind: "Attached", inputs: [width] } as const;
    expect(names(grows)).toEqual(["size!"]);
    expect(names(grows, { size: ["1", "image"] })).toEqual(["size!", "size.width"]);
  });
});

test("everything that may be put on a sheet: the server's kinds, reroutes, and subgraphs that do not hold the sheet", () => {
  const { document } = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt"], "Words");
  const extra = (sheet: string | null) => [...kindsFor(document, KINDS, sheet).keys()].slice(KINDS.size);
  expect(extra(null)).toEqual(["@1", REROUTE]);
  expect(extra("1")).toEqual([REROUTE]);
  expect(kindsFor(document, KINDS, null).get("@1")?.title).toBe("Words");
  expect([...kindsFor(documentOf({}), KINDS, null).keys()].slice(KINDS.size)).toEqual([REROUTE]);
});
