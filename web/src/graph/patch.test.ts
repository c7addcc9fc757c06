import { describe, expect, test } from "vitest";

import { patchBetween, patched } from "./patch";
import { chance, oneOf } from "./toys";

test("a patch makes the one object of the other, and holds only what differs", () => {
  const shared = { deep: 1 };
  const from = { a: 1, b: { c: [1], d: 2, e: shared }, gone: true };
  const to = { a: 1, b: { c: [2], d: 2, e: shared }, come: "new" };
  const patch = patchBetween(from, to);
  expect(patched(from, patch)).toEqual(to);
  expect([...patch.set.keys()]).toEqual(["come"]);
  expect([...(patch.inside.get("b")?.set.keys() ?? [])]).toEqual(["c"]);
  expect(patched(from, patch).b.e).toBe(shared);
});

test("equal objects need nothing, and stay the very same", () => {
  const from = { a: { b: 1 } };
  expect(patched(from, patchBetween(from, { a: { b: 1 } }))).toEqual(from);
  expect(patched(from, patchBetween(from, from))).toBe(from);
});

describe("keys that come back", () => {
  const from = { a: 1, e: 5, i: 9 };

  test("stand where they stood", () => {
    for (const to of [
      { z: 0, a: 1, b: 2, c: 3, e: 5, f: 6, i: 9, j: 10, k: 11 },
      { b: 2, c: 3 },
      { a: 1, e: 5, f: 6, g: 7 },
      {},
    ])
      expect(Object.keys(patched<object>(from, patchBetween(from, to)))).toEqual(Object.keys(to));
  });

  test("may be very many in a row", () => {
    const to = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]));
    expect(Object.keys(patched({}, patchBetween({}, to)))).toEqual(Object.keys(to));
  });

  test("may have the names of what every object has", () => {
    const to = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as object;
    expect(JSON.stringify(patched({}, patchBetween({}, to)))).toBe(JSON.stringify(to));
  });
});

test("random objects are turned into each other, both ways", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = chance(seed);
    const [one, other] = [some(random, 3), some(random, 3)];
    expect(patched(one, patchBetween(one, other))).toEqual(other);
    expect(patched(other, patchBetween(other, one))).toEqual(one);
  }
});

function some(random: () => number, depth: number): Record<string, unknown> {
  const names = ["a", "b", "c", "d", "e", "1", "constructor"].filter(() => random() < 0.6);
  return Object.fromEntries(
    names.map((name) => [
      name,
      depth && random() < 0.5 ? some(random, depth - 1) : oneOf([0, "x", null, [1]], random),
    ]),
  );
}
