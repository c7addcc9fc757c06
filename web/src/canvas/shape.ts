/**
 * How a node is laid out: its size, its rows and where its sockets stand. All of it is computed, nothing is measured, so that
 * a node that was never on the screen has its place, and its links theirs.
 */

import type { Point } from "../graph/document";
import type { InputSpec, OutputSpec } from "../graph/specs";

export const HEADER = 32;
export const ROW = 26;
export const PADDING = 6;
export const GAP = 2;
const TEXT = { least: 58, natural: 100 };
const FILE = { least: 50, natural: 50 };
const PICTURE_FILE = { least: 50, natural: 190 };
const SHOWN = { least: 72, natural: 220 };
const ONE = { least: ROW, natural: ROW };
const NARROW = 160;
const WIDTH = 240;
const WIDEST = 420;
const LETTER = 6.6;

/** One line of a node: plain sockets at either side, or a field. */
export interface Row {
  readonly kind: "sockets" | "field";
  readonly input: InputSpec | null;
  readonly output: OutputSpec | null;
  readonly top: number;
  readonly height: number;
}

export interface Shape {
  readonly size: Point;
  readonly least: Point;
  readonly rows: readonly Row[];
  /** Where sockets stand, from the node's left top. */
  readonly inputs: ReadonlyMap<string, Point>;
  readonly outputs: ReadonlyMap<string, Point>;
  /** The place of what the node has shown: from the top, and how high. */
  readonly pictures: readonly [top: number, height: number] | null;
}

export interface Parts {
  readonly title: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly linked: ReadonlySet<string>;
  readonly pictures: boolean;
}

/** The layout of a node; `size` is what the user gave it. */
export function shapeOf(parts: Parts, size: Point | null, collapsed: boolean): Shape {
  return collapsed ? collapsedShape(parts) : openShape(parts, size);
}

/** The layout of a reroute: a dot with a socket at each side. */
export const REROUTE_SHAPE: Shape = {
  size: [32, 20],
  least: [32, 20],
  rows: [],
  inputs: new Map([["value", [4, 10]]]),
  outputs: new Map([["value", [28, 10]]]),
  pictures: null,
};

function collapsedShape({ title, inputs, outputs }: Parts): Shape {
  const width = between(NARROW, Math.ceil(title.length * 7.2 + 96), WIDEST);
  const size: Point = [width, HEADER];
  const at = (x: number) => (port: { name: string }) => [port.name, [x, HEADER / 2] as Point] as const;
  return {
    size,
    least: size,
    rows: [],
    inputs: new Map(inputs.map(at(0))),
    outputs: new Map(outputs.map(at(width))),
    pictures: null,
  };
}

interface Line {
  readonly kind: Row["kind"];
  readonly input: InputSpec | null;
  readonly output: OutputSpec | null;
  readonly least: number;
  readonly natural: number;
}

function openShape(parts: Parts, size: Point | null): Shape {
  const lines = linesOf(parts);
  const shown = parts.pictures ? SHOWN : null;
  const total = (which: "least" | "natural") =>
    HEADER + 2 * PADDING + sum(lines.map((line) => line[which] + GAP)) + (shown ? shown[which] + PADDING : 0);
  const narrowest = narrowestOf(parts, lines);
  const width = Math.max(
    narrowest,
    Math.round(size?.[0] ?? Math.max(narrowest, lines.some((line) => line.kind === "field") ? WIDTH : 0)),
  );
  const height = size ? Math.max(total("least"), Math.round(size[1])) : total("natural");
  const growing =
    sum(lines.map((line) => line.natural - line.least)) + (shown ? shown.natural - shown.least : 0);
  const share = growing ? (height - total("least")) / growing : 0;
  const grown = ({ least, natural }: { least: number; natural: number }) =>
    Math.floor(least + (natural - least) * share);
  const rows: Row[] = [];
  let top = HEADER + PADDING;
  for (const line of lines) {
    const height = grown(line);
    rows.push({ kind: line.kind, input: line.input, output: line.output, top, height });
    top += height + GAP;
  }
  return {
    size: [width, height],
    least: [narrowest, total("least")],
    rows,
    inputs: socketsOf(rows, "input", 0),
    outputs: socketsOf(rows, "output", width),
    pictures: shown ? [top, height - top - PADDING] : null,
  };
}

// Plain inputs stand beside outputs, then come the fields. A field whose input is linked keeps its place, as a name alone.
function linesOf({ inputs, outputs, linked }: Parts): Line[] {
  const plain = inputs.filter((input) => !input.widget);
  const fields = inputs.filter((input) => input.widget);
  const paired = Array.from({ length: Math.max(plain.length, outputs.length) }, (_, place): Line => ({
    kind: "sockets",
    input: plain[place] ?? null,
    output: outputs[place] ?? null,
    ...ONE,
  }));
  return [
    ...paired,
    ...fields.map((input): Line => {
      const given = linked.has(input.name);
      return {
        kind: given ? "sockets" : "field",
        input,
        output: null,
        ...(given ? ONE : heightsOf(input)),
      };
    }),
  ];
}

function heightsOf({ widget }: InputSpec): { least: number; natural: number } {
  if (widget?.kind === "Text" && widget.multiline) return TEXT;
  if (widget?.kind === "File") return widget.folder === "input" ? PICTURE_FILE : FILE;
  return ONE;
}

function narrowestOf({ title }: Parts, lines: readonly Line[]): number {
  const words = lines.map((line) =>
    line.kind === "field" ? 0 : labelOf(line.input).length + labelOf(line.output).length,
  );
  return between(
    NARROW,
    Math.ceil(Math.max(title.length * 7.2 + 72, Math.max(0, ...words) * LETTER + 56)),
    WIDEST,
  );
}

function socketsOf(rows: readonly Row[], side: "input" | "output", x: number): Map<string, Point> {
  const places = new Map<string, Point>();
  for (const row of rows) {
    const port = row[side];
    if (port) places.set(port.name, [x, row.top + ROW / 2]);
  }
  return places;
}

/** What people see of an input or output. */
export function labelOf(port: { readonly name: string; readonly label?: string } | null): string {
  if (port === null) return "";
  const { label = "", name } = port;
  return (label === "" ? name : label).replaceAll("_", " ");
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
