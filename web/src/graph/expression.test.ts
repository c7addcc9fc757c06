import { expect, test } from "vitest";

import { evaluate } from "./expression";

test.each([
  ["1", 1],
  [" 2 + 3*4 ", 14],
  ["(2+3)*4", 20],
  ["512*1.5", 768],
  ["-2**2", -4],
  ["2**-1", 0.5],
  ["2**3**2", 512],
  ["2^10", 1024],
  ["7 % 4", 3],
  ["--3", 3],
  [".5+1.", 1.5],
  ["1e3", 1000],
  ["1.5e-1*2", 0.3],
  ["sqrt(16)/2", 2],
  ["max(64, 8**2, min(9, 100)) + abs(-1)", 65],
  ["round(2.5)+floor(1.9)+ceil(1.1)", 6],
  ["PI", Math.PI],
  ["2*pi", 2 * Math.PI],
])("%s is %d", (text, value) => {
  expect(evaluate(text)).toBeCloseTo(value, 12);
});

test.each([
  "",
  "  ",
  "abc",
  "1 2",
  "1 +",
  "(1",
  "1)",
  "()",
  "max()",
  "max(1,)",
  "sqrt",
  "sqrt 4",
  "1,2",
  "1/0",
  "sqrt(-1)",
  "1..2",
  "0x10",
  "1__2",
  "constructor",
  "alert(1)",
  "a.b",
  `${"(".repeat(5000)}1${")".repeat(5000)}`,
])("%j is no sum", (text) => {
  expect(evaluate(text)).toBeNull();
});
