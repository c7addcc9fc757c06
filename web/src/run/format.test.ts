import { expect, test } from "vitest";

import { agoText, bytesText, factText, fileUrl, mediaOf, numberText, secondsText, shapeText } from "./format";

test.each([
  [0.001, "<0.01 s"],
  [0.849, "0.85 s"],
  [2.07, "2.1 s"],
  [12.4, "12 s"],
  [185, "3 min 5 s"],
  [7380, "2 h 3 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});

test.each([
  [512, "512 B"],
  [49192, "48 KiB"],
  [1344, "1.3 KiB"],
  [19564654, "19 MiB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test("a shape leaves open what is not known", () => {
  expect(shapeText([1, null, 64, 3])).toBe("1 × ? × 64 × 3");
});

test("a fact tells all that is known, and no more", () => {
  expect(factText({ kind: "latent", shape: [1, 4, 8, 8], family: "shapeland", bytes: 1024 })).toBe(
    "latent 1 × 4 × 8 × 8, shapeland, 1.0 KiB",
  );
  expect(factText({ kind: "text", shape: null, family: null, bytes: null })).toBe("text");
});

test("numbers are short", () => {
  expect([3, 0.123456, 1.23456e-7].map(numberText)).toEqual(["3", "0.1235", "1.235e-7"]);
});

test("a time is told by how long ago it was", () => {
  const now = 1_800_000_000_000;
  expect(agoText(now / 1000 - 10, now)).toBe("just now");
  expect(agoText(now / 1000 - 300, now)).toBe("5 min ago");
});

test("a file is asked for by name, folder and kind of folder, and never breaks out of its query", () => {
  const file = { filename: "a&b.png", subfolder: "x/y", type: "output" as const };
  expect(fileUrl(file)).toBe("api/view?filename=a%26b.png&type=output&subfolder=x%2Fy");
  expect(fileUrl(file, true)).toContain("preview=webp%3B80");
  expect(mediaOf(file)).toBe("image");
  expect(mediaOf({ ...file, filename: "a.tar.gz" })).toBe("other");
});
