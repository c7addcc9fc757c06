/** New nodes: what may be added to a sheet, and what a new one begins with. */

import {
  freeId,
  instanceOf,
  REROUTE,
  type Document,
  type GraphNode,
  type Literal,
  type Point,
  type Sheet,
  type SheetId,
} from "./document";
import { putNode } from "./edit";
import { inputsOf } from "./growing";
import { specOf, type InputSpec, type NodeSpec, type Specs } from "./specs";
import { mayHold } from "./uses";

/** The values that a new node has: the defaults of what it has widgets for. What cannot be guessed, as a file, is left open. */
export function defaultsOf(spec: NodeSpec): Readonly<Record<string, Literal>> {
  const values: Record<string, Literal> = {};
  for (const input of spec.inputs) note(input);
  // Inputs that stand for others come out only once it is known what is chosen.
  for (const input of inputsOf(spec, values)) if (!(input.name in values)) note(input);
  return values;

  function note(input: InputSpec) {
    const value = input.default ?? firstValue(input);
    if (value !== undefined && (input.widget || input.grows?.kind === "Chosen")) values[input.name] = value;
  }
}

/** The sheet with a new node of that kind, and the node's id. */
export function addNode<S extends Sheet>(
  sheet: S,
  spec: NodeSpec,
  position: Point,
): { readonly sheet: S; readonly id: string } {
  const id = freeId(sheet.nodes);
  const node: GraphNode = { class_type: spec.id, inputs: defaultsOf(spec), _meta: { position } };
  return { sheet: putNode(sheet, id, node), id };
}

/** Everything that may be put on a sheet: the server's kinds, the document's subgraphs that do not hold the sheet, a reroute. */
export function kindsFor(document: Document, specs: Specs, sheet: SheetId): Specs {
  const kinds = new Map(specs);
  const own = [...Object.keys(document.subgraphs ?? {})].filter((id) => mayHold(document, sheet, id));
  for (const classType of [...own.map(instanceOf), REROUTE]) {
    const spec = specOf(document, specs, classType);
    if (spec) kinds.set(classType, spec);
  }
  return kinds;
}

function firstValue({ widget, required, grows }: InputSpec): Literal | undefined {
  if (grows?.kind === "Chosen") return Object.keys(grows.options)[0];
  if (!required) return undefined;
  switch (widget?.kind) {
    case "Text":
      return "";
    case "Number":
      return Math.min(Math.max(0, widget.minimum ?? 0), widget.maximum ?? Infinity);
    case "Seed":
      return 0;
    case "Toggle":
      return false;
    case "Choice":
      return widget.options[0];
    default:
      return undefined;
  }
}
