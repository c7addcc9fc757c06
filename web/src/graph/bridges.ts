/** Nodes that fit between two ends whose types differ. */

import { addNode, kindsFor } from "./add";
import { linked } from "./circles";
import {
  isLink,
  nodeAt,
  positionOf,
  REROUTE,
  sheetAt,
  withSheet,
  type Document,
  type End,
  type InputValue,
  type Link,
  type Point,
  type Sheet,
  type SheetId,
} from "./document";
import { putNode, setInput } from "./edit";
import { givenBy, wantedBy } from "./flow";
import { inputsOf } from "./growing";
import { oddness } from "./oddness";
import { fits } from "./ports";
import { specOf, type InputSpec, type Port, type Specs } from "./specs";

/** A kind of node that fits between two ends, by one of its inputs and one of its outputs. */
export interface Bridge {
  readonly kind: string;
  readonly title: string;
  readonly input: string;
  readonly output: string;
}

/** The kinds of nodes that fit between two ends whose types differ, the plainest first. */
export function bridges(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  from: Link,
  to: End,
): readonly Bridge[] {
  const given = givenBy(document, specs, sheet, from);
  return bridgesOver(document, specs, sheet, given, wantedBy(document, specs, sheet, to));
}

/** The document with a node between the two ends. What else it needs it reads from the nearest node upstream that has it. */
export function withBridge(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  from: Link,
  to: End,
  bridge: Bridge,
): Document {
  const on = sheetAt(document, sheet);
  const spec = specOf(document, specs, bridge.kind);
  if (!on || !spec) return document;
  const added = addNode(on, spec, between(on, from[0], to.node));
  const entered = setInput(added.sheet, added.id, bridge.input, from);
  const fed = feed(document, specs, entered, added.id, from);
  return withSheet(document, sheet, linked(fed, [added.id, bridge.output], to));
}

/** The same for types: from the one given to all that are wanted. */
export function bridgesOver(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  given: Port,
  wanted: readonly Port[],
): readonly Bridge[] {
  if (given.kind === "anything" || wanted.every((port) => fits(given, port))) return [];
  const found: (Bridge & { readonly rank: number })[] = [];
  for (const spec of kindsFor(document, specs, sheet).values()) {
    const output = spec.outputs.find(
      ({ port }) => port.kind !== "anything" && wanted.every((one) => fits(port, one)),
    );
    const inputs = inputsOf(spec, {});
    const input = output && inputs.find(({ port }) => port.kind !== "anything" && fits(given, port));
    if (!input) continue;
    const { id: kind, title } = spec;
    // What a node is there for stands first among its inputs: a latent for one that decodes, and not the vae.
    const plain = needed(inputs, input).length * 10 + Math.min(inputs.length, 9) + inputs.indexOf(input);
    const rank = plain + 100 * oddness(spec);
    found.push({ kind, title, input: input.name, output: output.name, rank });
  }
  found.sort((a, b) => a.rank - b.rank || a.title.localeCompare(b.title));
  return found.map(({ rank: _, ...bridge }) => bridge);
}

function needed(inputs: readonly InputSpec[], beside: InputSpec): readonly InputSpec[] {
  return inputs.filter((one) => one !== beside && one.required && one.default === null);
}

// What a new node needs beside what it was put in for: a vae, say, is found at the loader that the latent came from.
function feed<S extends Sheet>(document: Document, specs: Specs, sheet: S, id: string, from: Link): S {
  const node = nodeAt(sheet, id);
  const spec = node && specOf(document, specs, node.class_type);
  if (!spec) return sheet;
  const inputs: Record<string, InputValue> = { ...node.inputs };
  for (const { name, required, widget, port } of spec.inputs) {
    if (!required || widget || port.kind === "anything" || name in inputs) continue;
    const found = nearest(document, specs, sheet, from[0], port);
    if (found) inputs[name] = found;
  }
  return putNode(sheet, id, { ...node, inputs });
}

function nearest(document: Document, specs: Specs, sheet: Sheet, start: string, wanted: Port): Link | null {
  const seen = new Set([start]);
  for (const id of seen) {
    const node = nodeAt(sheet, id);
    if (!node) continue;
    const outputs = node.class_type === REROUTE ? [] : specOf(document, specs, node.class_type)?.outputs;
    const output = outputs?.find(({ port }) => port.kind !== "anything" && fits(port, wanted));
    if (output) return [id, output.name];
    for (const value of Object.values(node.inputs)) if (isLink(value)) seen.add(value[0]); // read on while it grows
  }
  return null;
}

function between(sheet: Sheet, from: string, to: string): Point {
  const ends = [from, to].flatMap((id) => nodeAt(sheet, id) ?? []).map(positionOf);
  const middle = (axis: 0 | 1) =>
    ends.reduce((sum, point) => sum + point[axis], 0) / Math.max(1, ends.length);
  return [Math.round(middle(0)), Math.round(middle(1))];
}
