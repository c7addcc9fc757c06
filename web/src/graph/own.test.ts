import { expect, test } from "vitest";

import { own } from "./own";

test("a record has under a name only what was put there", () => {
  expect(own({ plain: 1 }, "plain")).toBe(1);
  for (const name of ["constructor", "toString", "__proto__", "other"]) {
    expect(own<number>({}, name)).toBeUndefined();
    expect(own({ [name]: 2 }, name)).toBe(2);
  }
});
