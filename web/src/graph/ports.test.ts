import { expect, test } from "vitest";

import table from "../../../tests/goldens/fits.json";
import { fits, portText } from "./ports";
import type { Port } from "./specs";
import { portOf } from "./toys";

const SUB: Port = { kind: "named", name: "Photo", bases: ["IMAGE", "Array"] };

test.each<[string | Port, string | Port, boolean]>([
  ["IMAGE", "IMAGE", true],
  ["IMAGE", "LATENT", false],
  ["any", "IMAGE", true],
  ["IMAGE", "any", true],
  ["int", "float", true],
  ["float", "int", false],
  [SUB, "IMAGE", true],
  ["IMAGE", SUB, false],
  ["[IMAGE]", "IMAGE", true],
  ["IMAGE", "[IMAGE]", true],
  ["[IMAGE]", "[LATENT]", false],
  ["IMAGE", "IMAGE|MASK", true],
  ["IMAGE|MASK", "IMAGE", false],
  ["IMAGE|MASK", "MASK|IMAGE|LATENT", true],
  ["IMAGE|LATENT", "IMAGE|MASK", false],
])("%j into %j: %s", (given, wanted, answer) => {
  const port = (one: string | Port) => (typeof one === "string" ? portOf(one) : one);
  expect(fits(port(given), port(wanted))).toBe(answer);
});

test("types flow as the table says to which the engine is held too", () => {
  const types = Object.entries(table.types as Readonly<Record<string, Port>>);
  const found = types.map(([name, given]) => [
    name,
    types.flatMap(([other, wanted]) => (fits(given, wanted) ? [other] : [])),
  ]);
  expect(Object.fromEntries(found)).toEqual(table.flows_into);
});

test("types are told as people read them", () => {
  expect(["IMAGE", "any", "IMAGE|MASK", "[IMAGE]"].map((one) => portText(portOf(one)))).toEqual([
    "IMAGE",
    "anything",
    "IMAGE | MASK",
    "list of IMAGE",
  ]);
});
