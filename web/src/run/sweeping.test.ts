import { expect, test } from "vitest";

import type { Document } from "../graph/document";
import type { NodeSpec, Widget } from "../graph/specs";
import { axesOf, fieldsOf, type SweepField } from "./sweeping";

const NUMBER: Widget = { kind: "Number", whole: true, minimum: 0, maximum: 9, step: null };
const input = (name: string, widget: Widget | null) => ({
  name,
  type: "int",
  port: { kind: "anything" as const },
  required: false,
  default: 3,
  widget,
  help: "",
});
const SPEC: NodeSpec = {
  id: "S",
  title: "Sample",
  category: "",
  help: "",
  inputs: [input("model", null), input("steps", NUMBER), input("cfg", NUMBER)],
  outputs: [],
};
const document: Document = {
  weft: 2,
  nodes: {
    "1": { class_type: "S", inputs: { cfg: ["2", "x"] } },
    "2": { class_type: "S", inputs: { steps: 5 }, _meta: { title: "Second" } },
  },
};

test("fields are those that have a value of their own, of chosen nodes first", () => {
  const fields = fieldsOf(document, new Map([["S", SPEC]]), new Set(["2"]));
  expect(fields.map((field) => `${field.name} = ${field.value}`)).toEqual([
    "Second, steps = 5",
    "Second, cfg = 3",
    "Sample, steps = 3",
  ]);
});

test("values that do not fit a field are left out, and texts stay texts", () => {
  const field = (widget: Widget): SweepField => ({ node: "1", input: "x", name: "", widget, value: "" });
  const values = (widget: Widget, text: string) => axesOf([{ field: field(widget), text }])[0]?.values;
  expect(values(NUMBER, "1..5 step 2, many")).toEqual([1, 3, 5]);
  expect(values({ kind: "Choice", options: ["euler", "ddim"] }, "ddim, unknown")).toEqual(["ddim"]);
  expect(values({ kind: "Text", multiline: true }, "7\na cat, sitting")).toEqual(["7", "a cat, sitting"]);
  expect(axesOf([{ field: null, text: "1" }])).toEqual([]);
});
