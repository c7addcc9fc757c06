import { expect, test } from "vitest";

import { describe as told, titleOf } from "./titles";
import { documentOf, KINDS, node, TEXT_TO_IMAGE } from "./toys";

test("a node is called as the user called it, else as its kind, else by the kind's id", () => {
  const named = (one: ReturnType<typeof node>) => titleOf(documentOf({}), KINDS, one);
  expect(named(node("Encode", {}, { title: "Prompt" }))).toBe("Prompt");
  expect(named(node("Encode"))).toBe("Encode text");
  expect(named(node("Unknown"))).toBe("Unknown");
  expect(titleOf(TEXT_TO_IMAGE, KINDS, node("@gone"))).toBe("@gone");
});

test.each([
  ["a  red\n circle", "a red circle"],
  ["", "empty"],
  ["x".repeat(100), `${"x".repeat(59)}…`],
  [0.1 + 0.2, "0.3"],
  [7, "7"],
  [true, "on"],
  [null, "none"],
  [undefined, "default"],
  [["4", "model"], "from 4 (model)"],
  [[1, 2], "[1,2]"],
] as const)("%j is told as %s", (value, text) => {
  expect(told(value)).toBe(text);
});
