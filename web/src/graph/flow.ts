/** What flows along the links of a sheet: the types that outputs give and inputs want, also through reroutes and subgraphs. */

import {
  FROM_OUTSIDE,
  instanceOf,
  isLink,
  nodeAt,
  REROUTE,
  sheetAt,
  TO_OUTSIDE,
  type Document,
  type End,
  type Link,
  type SheetId,
} from "./document";
import { inputsOf } from "./growing";
import { endsOf, sourceOf } from "./reads";
import { ANYTHING, specOf, type InputSpec, type Port, type Specs } from "./specs";
import { usesOf } from "./uses";

/** The type of what a link from there brings. "Anything" where that is not known. */
export function givenBy(document: Document, specs: Specs, sheet: SheetId, link: Link): Port {
  return given(document, specs, sheet, link, new Set());
}

/** The types that an input wants: its own, or those of all that a reroute leads to. Empty where anything will do. */
export function wantedBy(document: Document, specs: Specs, sheet: SheetId, end: End): readonly Port[] {
  return wanted(document, specs, sheet, end, new Set()).filter((port) => port.kind !== "anything");
}

/** What is known of an input of a node; undefined where its kind or the input is not known. */
export function inputAt(document: Document, specs: Specs, sheet: SheetId, end: End): InputSpec | undefined {
  const on = sheetAt(document, sheet);
  const node = on && nodeAt(on, end.node);
  const spec = node && specOf(document, specs, node.class_type);
  return spec && inputsOf(spec, node.inputs).find((input) => input.name === end.input);
}

type Seen = Set<string>;

function given(document: Document, specs: Specs, sheet: SheetId, link: Link, seen: Seen): Port {
  const on = sheetAt(document, sheet);
  if (!on) return ANYTHING;
  const source = sourceOf(on, link);
  const key = `${sheet ?? ""}\n${source.join("\n")}`;
  if (seen.has(key)) return ANYTHING;
  seen.add(key);
  if (source[0] === FROM_OUTSIDE) return fromOutside(document, specs, sheet, source[1], seen);
  const node = nodeAt(on, source[0]);
  const spec = node && specOf(document, specs, node.class_type);
  if (!spec || node.class_type === REROUTE) return ANYTHING;
  const output = spec.outputs.find((one) => one.name === source[1]);
  if (!output) return ANYTHING;
  if (output.port.kind !== "anything" || !output.match) return output.port;
  for (const input of inputsOf(spec, node.inputs)) {
    const value = node.inputs[input.name];
    if (input.match === output.match && isLink(value)) return given(document, specs, sheet, value, seen);
  }
  return ANYTHING;
}

// What instances are given counts before what is wanted inside: it may be more exact.
function fromOutside(document: Document, specs: Specs, sheet: SheetId, name: string, seen: Seen): Port {
  if (sheet === null) return ANYTHING;
  for (const use of usesOf(document, sheet)) {
    const value = sheetAt(document, use.sheet)?.nodes[use.id]?.inputs[name];
    const port = isLink(value) ? given(document, specs, use.sheet, value, seen) : ANYTHING;
    if (port.kind !== "anything") return port;
  }
  const spec = specOf(document, specs, instanceOf(sheet));
  return spec?.inputs.find((input) => input.name === name)?.port ?? ANYTHING;
}

function wanted(document: Document, specs: Specs, sheet: SheetId, end: End, seen: Seen): readonly Port[] {
  const on = sheetAt(document, sheet);
  const key = `${sheet ?? ""}\n${end.node}\n${end.input}`;
  if (!on || seen.has(key)) return [];
  seen.add(key);
  if (end.node === TO_OUTSIDE) return wantedOutside(document, specs, sheet, end.input, seen);
  const node = nodeAt(on, end.node);
  if (!node) return [];
  if (node.class_type === REROUTE)
    return endsOf(on, [end.node, "value"]).flatMap((one) => wanted(document, specs, sheet, one, seen));
  const input = inputAt(document, specs, sheet, end);
  if (!input) return [];
  if (input.port.kind !== "anything" || !input.match) return [input.port];
  const spec = specOf(document, specs, node.class_type);
  for (const other of spec ? inputsOf(spec, node.inputs) : []) {
    const value = node.inputs[other.name];
    if (other.name !== input.name && other.match === input.match && isLink(value))
      return [given(document, specs, sheet, value, new Set())];
  }
  return [];
}

function wantedOutside(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  output: string,
  seen: Seen,
): readonly Port[] {
  if (sheet === null) return [];
  return usesOf(document, sheet).flatMap((use) => {
    const on = sheetAt(document, use.sheet);
    return on
      ? endsOf(on, [use.id, output]).flatMap((end) => wanted(document, specs, use.sheet, end, seen))
      : [];
  });
}
