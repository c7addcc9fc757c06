import { expect, test } from "vitest";

import { same } from "./same";

test.each<[unknown, unknown, boolean]>([
  [1, 1, true],
  [1, "1", false],
  [null, {}, false],
  [[], {}, false],
  [[1, [2]], [1, [2]], true],
  [[1, 2], [2, 1], false],
  [{ a: 1, b: { c: [] } }, { b: { c: [] }, a: 1 }, true],
  [{ a: undefined }, {}, true],
  [{ a: 1 }, { b: 1 }, false],
  [{}, { constructor: 1 }, false],
  [NaN, NaN, true],
])("%j and %j: %s", (one, other, answer) => {
  expect(same(one, other)).toBe(answer);
  expect(same(other, one)).toBe(answer);
});
