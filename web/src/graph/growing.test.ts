import { describe, expect, test } from "vitest";

import type { InputValue } from "./document";
import { inputsOf } from "./growing";
import type { Grows, InputSpec } from "./specs";
import { kind, KINDS } from "./toys";

const [IMAGE, WIDTH, STRENGTH, WANTED] = kind(
  "Ports",
  "image:IMAGE, width:int!=8, strength:float=1, wanted:IMAGE!",
  "",
).inputs as [InputSpec, InputSpec, InputSpec, InputSpec];

function grown(input: InputSpec, grows: Grows, given: Readonly<Record<string, InputValue>> = {}) {
  return inputsOf({ ...kind("Growing", "", ""), inputs: [WIDTH, { ...input, grows }] }, given).slice(1);
}

const names = (inputs: readonly InputSpec[]) => inputs.map((one) => one.name);

test("a node whose inputs do not grow has just those", () => {
  const plain = KINDS.get("Sample");
  expect(plain && inputsOf(plain, {})).toBe(plain?.inputs);
});

test("an input that is repeated stands there under each name, and the first ones are required", () => {
  const inputs = grown(IMAGE, { kind: "Repeated", names: ["a", "b", "c"], least: 2, item: WANTED });
  expect(inputs.map(({ name, required, type }) => [name, required, type])).toEqual([
    ["image.a", true, "IMAGE"],
    ["image.b", true, "IMAGE"],
    ["image.c", false, "IMAGE"],
  ]);
  const optional = grown(IMAGE, { kind: "Repeated", names: ["a"], least: 1, item: IMAGE });
  expect(optional[0]?.required).toBe(false);
});

describe("an input that is chosen", () => {
  const grows: Grows = { kind: "Chosen", options: { crop: [WIDTH, STRENGTH], keep: [] } };
  const how: InputSpec = { ...IMAGE, name: "how", default: "crop" };

  test("is a choice, and beside it stand those of what is chosen", () => {
    const [choice, ...others] = grown(how, grows, { how: "crop" });
    expect(choice).toMatchObject({
      name: "how",
      type: "str",
      widget: { kind: "Choice", options: ["crop", "keep"] },
      grows: null,
    });
    expect(names(others)).toEqual(["how.width", "how.strength"]);
    expect(names(grown(how, grows, { how: "keep" }))).toEqual(["how"]);
  });

  test("has those of its default where nothing is given, and none for what is no option or a link", () => {
    expect(names(grown(how, grows))).toEqual(["how", "how.width", "how.strength"]);
    expect(names(grown(how, grows, { how: "constructor" }))).toEqual(["how"]);
    expect(names(grown(how, grows, { how: ["1", "text"] }))).toEqual(["how"]);
  });

  test("may have others of its kind within", () => {
    const inner: InputSpec = { ...how, name: "side", default: "left" };
    const nested: Grows = {
      kind: "Chosen",
      options: { crop: [{ ...inner, grows: { kind: "Chosen", options: { left: [WIDTH], right: [] } } }] },
    };
    expect(names(grown(how, nested))).toEqual(["how", "how.side", "how.side.width"]);
    expect(names(grown(how, nested, { "how.side": "right" }))).toEqual(["how", "how.side"]);
  });
});

test("an input with others attached has them as soon as something is given to it", () => {
  const grows: Grows = { kind: "Attached", inputs: [STRENGTH] };
  expect(names(grown(IMAGE, grows))).toEqual(["image"]);
  expect(names(grown(IMAGE, grows, { image: null }))).toEqual(["image"]);
  expect(names(grown(IMAGE, grows, { image: ["1", "image"] }))).toEqual(["image", "image.strength"]);
});
