/** A run's timeline as bars to draw: a row for each node, in the order in which they began. */

import type { Span, TimelineShape } from "../wire/shapes";

export interface Bar {
  readonly what: Span["what"];
  /** 0 to 1 of the whole run. */
  readonly left: number;
  readonly width: number;
  readonly seconds: number;
}

export interface BarRow {
  readonly node: string;
  readonly lane: string;
  readonly bars: readonly Bar[];
  /** All that it did, without what it waited. */
  readonly seconds: number;
}

/** A row for each node, at most so many: those that took longest. */
export function rowsOf({ spans, seconds }: TimelineShape, most: number): readonly BarRow[] {
  const whole = Math.max(seconds, ...spans.map((span) => span.end), 1e-6);
  const byNode = new Map<string, Span[]>();
  for (const span of spans) {
    const known = byNode.get(span.node);
    if (known) known.push(span);
    else byNode.set(span.node, [span]);
  }
  const rows = [...byNode].map(([node, own]) => ({
    began: Math.min(...own.map((span) => span.begin)),
    row: {
      node,
      lane: String(own[0]?.lane ?? ""),
      bars: own.map((span) => barOf(span, whole)),
      seconds: own.reduce((sum, span) => sum + (span.what === "wait" ? 0 : span.end - span.begin), 0),
    },
  }));
  const kept = rows.toSorted((one, other) => other.row.seconds - one.row.seconds).slice(0, most);
  return kept.sort((one, other) => one.began - other.began).map(({ row }) => row);
}

/** A round step for a scale, so that about so many marks fit. */
export function stepFor(seconds: number, marks: number): number {
  const rough = Math.max(seconds, 1e-6) / marks;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 5, 10].find((one) => one * power >= rough) ?? 10);
}

/** The memory as a line of steps in a box of 1 by 1, as SVG writes it: what is held is held until something else is. */
export function memoryPath(memory: TimelineShape["memory"], seconds: number, most: number): string {
  const [first] = memory;
  if (!first) return "";
  const y = (bytes: number) => (1 - bytes / Math.max(most, 1)).toFixed(4);
  const steps = memory.map(
    ([at, bytes]) => `H${Math.min(at / Math.max(seconds, 1e-6), 1).toFixed(4)}V${y(bytes)}`,
  );
  return `M0 ${y(first[1])}${steps.join("")}H1`;
}

function barOf({ what, begin, end }: Span, whole: number): Bar {
  return { what, left: begin / whole, width: (end - begin) / whole, seconds: end - begin };
}
