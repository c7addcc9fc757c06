/** A sweep: which fields have which values, and the runs that came of it. It stays when its dialog is closed. */

import { create } from "zustand";

import { isLink, sheetAt, type Document, type Literal } from "../graph/document";
import { flatIds } from "../graph/flat";
import { specOf, type Specs, type Widget } from "../graph/specs";
import { sweep, valuesOf, type Axis } from "../graph/sweep";
import { describe, titleOf } from "../graph/titles";
import { activeTab } from "../state/tabs";
import { sendDocuments } from "./send";

/** A field that can be swept over. */
export interface SweepField {
  readonly node: string;
  readonly input: string;
  /** "Sampler, steps" */
  readonly name: string;
  readonly widget: Widget;
  readonly value: string;
}

/** One side of the grid, as it is being typed. */
export interface Side {
  readonly field: SweepField | null;
  readonly text: string;
}

export interface Sweep {
  readonly sides: readonly [Side, Side];
  /** What was sent: the axes and, in their order, the runs. */
  readonly sent: { readonly axes: readonly Axis[]; readonly runs: readonly string[] } | null;
}

export const MOST_RUNS = 200;
const NOTHING: Side = { field: null, text: "" };

export const useSweep = create<Sweep>(() => ({ sides: [NOTHING, NOTHING], sent: null }));

/** Change one side. */
export function setSide(index: 0 | 1, change: Partial<Side>): void {
  useSweep.setState(({ sides: [one, other] }) => ({
    sides: index === 0 ? [{ ...one, ...change }, other] : [one, { ...other, ...change }],
  }));
}

/** The sides that have a field and values. */
export function axesOf(sides: readonly Side[]): readonly Axis[] {
  return sides.flatMap(({ field, text }) => {
    const values = field ? fitting(valuesOf(text), field.widget) : [];
    return field && values.length > 0 ? [{ node: field.node, input: field.input, values }] : [];
  });
}

/** Send a run for each point of the grid. */
export async function startSweep(): Promise<void> {
  const axes = axesOf(useSweep.getState().sides);
  const tab = activeTab();
  const variants = sweep(tab.history.now.document, axes).slice(0, MOST_RUNS);
  const runs = await sendDocuments(
    tab,
    variants.map((variant) => variant.document),
  );
  if (runs) useSweep.setState({ sent: { axes, runs: runs.map((run) => run.id) } });
}

/** All fields of a document that have a value of their own, those of chosen nodes first. */
export function fieldsOf(
  document: Document,
  specs: Specs,
  first: ReadonlySet<string>,
): readonly SweepField[] {
  const fields: SweepField[] = [];
  for (const [flat, { sheet, id }] of flatIds(document)) {
    const node = sheetAt(document, sheet)?.nodes[id];
    const spec = node && specOf(document, specs, node.class_type);
    for (const input of spec?.inputs ?? []) {
      const value = node?.inputs[input.name];
      if (!node || !input.widget || isLink(value)) continue;
      fields.push({
        node: flat,
        input: input.name,
        name: `${titleOf(document, specs, node)}, ${input.label ?? input.name}`,
        widget: input.widget,
        value: describe(value ?? input.default, 40),
      });
    }
  }
  return fields.sort((one, other) => Number(first.has(other.node)) - Number(first.has(one.node)));
}

/** An example of what can be typed for a field. */
export function exampleFor(widget: Widget): string {
  switch (widget.kind) {
    case "Number":
      return widget.whole ? "10..40 step 10" : "1, 2.5, 4";
    case "Seed":
      return "1..8";
    case "Toggle":
      return "true, false";
    case "Choice":
      return widget.options.slice(0, 3).join(", ");
    case "Text":
    case "File":
      return "one a line";
  }
}

// A text that looks like a number is still a text where texts belong.
function fitting(values: readonly Literal[], widget: Widget): readonly Literal[] {
  switch (widget.kind) {
    case "Number":
    case "Seed":
      return values.filter((value) => typeof value === "number");
    case "Toggle":
      return values.filter((value) => typeof value === "boolean");
    case "Choice":
      return values.flatMap(
        (value) =>
          widget.options.find(
            (one) => String(one) === (typeof value === "string" ? value : JSON.stringify(value)),
          ) ?? [],
      );
    case "Text":
    case "File":
      return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
  }
}
