/** The same document with other values: one for each point of a grid. */

import { FROM_OUTSIDE, isLink, sheetAt, withSheet, type Document, type Literal } from "./document";
import { setInput } from "./edit";
import { locate, type Place } from "./flat";

/** Which input, by its node's flat id, is to have which values. */
export interface Axis {
  readonly node: string;
  readonly input: string;
  readonly values: readonly Literal[];
}

export interface Variant {
  readonly document: Document;
  /** One of each axis, in their order. */
  readonly values: readonly Literal[];
}

/** The document once for each combination of values; the last axis changes fastest. */
export function sweep(document: Document, axes: readonly Axis[]): readonly Variant[] {
  const points = axes.reduce<readonly (readonly Literal[])[]>(
    (before, axis) => before.flatMap((values) => axis.values.map((value) => [...values, value])),
    [[]],
  );
  return points.map((values) => ({
    values,
    document: axes.reduce(
      (next, { node, input }, place) => withValue(next, node, input, values[place] ?? null),
      document,
    ),
  }));
}

/** The document with an input set, found by its flat id: on the instance where the subgraph lets it in from there. */
export function withValue(document: Document, flat: string, input: string, value: Literal): Document {
  const place = locate(document, flat);
  return place ? setAt(document, place, input, value) : document;
}

function setAt(document: Document, { path, sheet, id }: Place, input: string, value: Literal): Document {
  const on = sheetAt(document, sheet);
  const before = on?.nodes[id]?.inputs[input];
  if (isLink(before) && before[0] === FROM_OUTSIDE && path.length)
    return withValue(document, path.join(":"), before[1], value);
  return on ? withSheet(document, sheet, { nodes: setInput(on, id, input, value).nodes }) : document;
}

const RANGE =
  /^(-?[\d.]+(?:e[+-]?\d+)?)\s*\.\.\s*(-?[\d.]+(?:e[+-]?\d+)?)(?:\s+step\s+([\d.]+(?:e[+-]?\d+)?))?$/i;
const MOST = 1000;

/** The values that a text lists: "1, 2, 3", "1..10 step 3", texts by commas or, where there are several lines, by lines. */
export function valuesOf(text: string): readonly Literal[] {
  const lines = text.split("\n").map((line) => line.trim());
  const parts = lines.length > 1 ? lines : commaParts(text);
  return parts
    .filter((part) => part !== "")
    .flatMap((part): readonly Literal[] => rangeOf(part) ?? [valueOf(part)])
    .slice(0, MOST);
}

function commaParts(text: string): readonly string[] {
  // A comma in quotes is part of a text.
  return [...text.matchAll(/\s*((?:"[^"]*"|[^,])+)/g)].map((match) => (match[1] ?? "").trim());
}

function valueOf(part: string): Literal {
  const quoted = /^"([^"]*)"$/.exec(part);
  if (quoted) return quoted[1] ?? "";
  if (/^(true|false)$/i.test(part)) return part.toLowerCase() === "true";
  return Number.isFinite(Number(part)) ? Number(part) : part;
}

function rangeOf(part: string): readonly number[] | null {
  const found = RANGE.exec(part);
  if (!found) return null;
  const [first, last, step] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 1)];
  if (![first, last, step].every(Number.isFinite) || step <= 0) return null;
  const count = Math.min(MOST, Math.floor(Math.abs(last - first) / step + 1e-9) + 1);
  const sign = last < first ? -1 : 1;
  // Multiplied, not added up: ten steps of 0.1 are 1.
  return Array.from({ length: count }, (_, index) => Number((first + sign * index * step).toPrecision(12)));
}
