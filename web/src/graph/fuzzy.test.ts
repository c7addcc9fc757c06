import { expect, test } from "vitest";

import { fuzzy } from "./fuzzy";

const score = (text: string, letters: string) => fuzzy(text, letters)?.score ?? 0;

test("the whole fits best, then the start, a word's start, inside, initials, letters in order", () => {
  const scores = [
    score("Blur", "blur"),
    score("Blur image", "blur"),
    score("Image blur", "blur"),
    score("Unblurred", "blur"),
    score("Big large unusual rest", "blur"),
    score("Bold u rear xl u r", "blur"),
  ];
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(new Set(scores).size).toBe(6);
});

test("of two texts the shorter fits better", () => {
  expect(score("Blur image", "blur")).toBeGreaterThan(score("Blur image by a large radius", "blur"));
});

test("nothing fits where letters are missing, or two stand too far apart", () => {
  expect(fuzzy("Blur", "blurs")).toBeNull();
  expect(fuzzy("", "a")).toBeNull();
  expect(fuzzy("Blur", "br")).toBeNull();
  expect(fuzzy("Blur", "")).toEqual({ score: 0, ranges: [] });
});

test.each([
  ["Load Image", "IMAGE", [[5, 10]]],
  ["reload Load", "load", [[7, 11]]],
  ["reload", "load", [[2, 6]]],
  ["VAEDecode", "decode", [[3, 9]]],
  ["Undecoded VAEDecode", "decode", [[13, 19]]],
  [
    "VAEDecodeTiled",
    "vadeti",
    [
      [0, 2],
      [3, 5],
      [9, 11],
    ],
  ],
  [
    "Load image (as mask)",
    "lm",
    [
      [0, 1],
      [15, 16],
    ],
  ],
  [
    "Sample",
    "spl",
    [
      [0, 1],
      [3, 5],
    ],
  ],
])("in %j the letters %j are those at %j", (text, letters, ranges) => {
  expect(fuzzy(text, letters)?.ranges).toEqual(ranges);
});
