import { expect, test } from "vitest";

import { typeHue } from "./colors";

function apart(one: string, other: string): number {
  const distance = Math.abs(typeHue(one) - typeHue(other));
  return Math.min(distance, 360 - distance);
}

function nearestOf(names: readonly string[]): number {
  return Math.min(...names.flatMap((one, at) => names.slice(at + 1).map((other) => apart(one, other))));
}

// Types that nearly every graph has, and those that many have.
const USUAL = ["MODEL", "CLIP", "VAE", "CONDITIONING", "LATENT", "IMAGE", "MASK"];
const OTHERS = ["int", "float", "str", "bool", "SIGMAS", "NOISE", "SAMPLER", "GUIDER"];

test("the types of nearly every graph have hues far apart, and the others are still told from them", () => {
  expect(nearestOf(USUAL)).toBeGreaterThan(25);
  expect(nearestOf([...USUAL, ...OTHERS])).toBeGreaterThan(8);
});

test("any type has a hue, and always the same", () => {
  for (const name of ["", "X", "ein Bild", "画像", "constructor", "A".repeat(10_000)]) {
    expect(typeHue(name)).toBe(typeHue(name));
    expect(typeHue(name)).toBeGreaterThanOrEqual(0);
    expect(typeHue(name)).toBeLessThan(360);
  }
});

test("types nobody has heard of spread over the whole circle", () => {
  const sixths = new Set(Array.from({ length: 100 }, (_, at) => Math.floor(typeHue(`TYPE_${at}`) / 60)));
  expect(sixths.size).toBe(6);
});
