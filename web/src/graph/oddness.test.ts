import { expect, test } from "vitest";

import { oddness } from "./oddness";
import { kind } from "./toys";

test("what is to vanish is odder than an experiment, and that than all others", () => {
  expect(oddness(kind("Plain", "", ""))).toBe(0);
  expect(oddness(kind("Trial", "", "", { experimental: true }))).toBe(1);
  expect(oddness(kind("Trial", "", "", { category: "_for_testing" }))).toBe(1);
  expect(oddness(kind("Old", "", "", { deprecated: true, experimental: true }))).toBe(2);
});
