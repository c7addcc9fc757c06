/** Colours of types, computed from their names alone: a type that no one here has heard of has one too. */

// Of all seeds, one by which the types that nearly every graph has come out far apart (colors.test.ts names them).
const SEED = 2545866133;

const HUES = new Map<string, number>();

/** The hue of a type, 0 to 360, for `oklch(var(--type-l) var(--type-c) <hue>)`. */
export function typeHue(name: string): number {
  const before = HUES.get(name);
  if (before !== undefined) return before;
  const hue = hueOf(name);
  HUES.set(name, hue);
  return hue;
}

function hueOf(name: string): number {
  let hash = SEED;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) * (360 / 2 ** 32);
}
