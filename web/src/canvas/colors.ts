/** Colours that say something: those of link types, and those that a user gives to nodes, groups and notes. */

import type { CSSProperties } from "react";

import { typeHue } from "../graph/colors";
import type { Port } from "../graph/specs";

/** The colours that a user can choose, by name: a hue each, or none for a grey. */
export const PALETTE: ReadonlyMap<string, number | null> = new Map([
  ["rose", 10],
  ["orange", 50],
  ["amber", 80],
  ["green", 150],
  ["teal", 190],
  ["sky", 235],
  ["violet", 295],
  ["grey", null],
]);

/** The hue of a type of link; null for what may be anything. */
export function hueOf(port: Port): number | null {
  switch (port.kind) {
    case "named":
      return typeHue(port.name);
    case "list of":
      return hueOf(port.item);
    case "one of":
      return port.members[0] ? hueOf(port.members[0]) : null;
    case "anything":
      return null;
  }
}

/** A type's colour for style sheets, as `--type`. */
export function typeStyle(port: Port): CSSProperties {
  return { "--type": typeColor(port) } as CSSProperties;
}

/** A type's colour as CSS. */
export function typeColor(port: Port): string {
  const hue = hueOf(port);
  return hue === null ? "var(--ink-3)" : `oklch(var(--type-l) var(--type-c) ${hue})`;
}

const HEX = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i;

/** A colour that a user has chosen as CSS; null for none, and for what is no colour. Other programs' files have hex numbers. */
export function chosenColor(color: string | undefined): string | null {
  if (color === undefined) return null;
  if (HEX.test(color)) return color;
  const hue = PALETTE.get(color);
  if (hue === undefined) return null;
  return hue === null ? "var(--ink-3)" : `oklch(var(--type-l) var(--type-c) ${hue})`;
}

/** The same for style sheets, as `--chosen`. */
export function chosenStyle(color: string | undefined): CSSProperties {
  const css = chosenColor(color);
  return css === null ? {} : ({ "--chosen": css } as CSSProperties);
}
