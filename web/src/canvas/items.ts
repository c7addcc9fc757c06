/** The items of a scene that have sockets: nodes, reroutes, and the two ends of a subgraph. */

import {
  flatId,
  FROM_OUTSIDE,
  instanceOf,
  isLink,
  positionOf,
  REROUTE,
  subgraphOf,
  TO_OUTSIDE,
  type Bounds,
  type GraphNode,
  type Point,
  type Sheet,
  type Subgraph,
} from "../graph/document";
import { givenBy } from "../graph/flow";
import { inputsOf } from "../graph/growing";
import { portText } from "../graph/ports";
import { readersOf } from "../graph/reads";
import { ANYTHING, specOf, type InputSpec, type NodeSpec, type OutputSpec } from "../graph/specs";
import { titleOf } from "../graph/titles";
import { around } from "./hash";
import type { BoundaryContent, Item, NodeContent, Source } from "./model";
import { REROUTE_SHAPE, ROW, shapeOf, type Parts, type Shape } from "./shape";

/** A node as the canvas shows it; the very item of before, if nothing about it changed. */
export function nodeItem(
  source: Source,
  sheet: Sheet,
  id: string,
  node: GraphNode,
  before: Item | undefined,
): Item {
  const spec = specOf(source.document, source.specs, node.class_type);
  const flat = flatId(source.instances, id);
  const pictured = source.pictured.has(flat);
  const rerouted = node.class_type === REROUTE;
  const through = rerouted ? givenBy(source.document, source.specs, source.sheetId, [id, "value"]) : null;
  const outputs = spec ? spec.outputs : outputsThatAreRead(sheet, id);
  const was = before?.content;
  if (
    before &&
    (was?.kind === "node" || was?.kind === "reroute") &&
    was.node === node &&
    was.spec === spec &&
    was.flat === flat &&
    was.pictured === pictured &&
    samePort(was, through) &&
    sameNames(was.outputs, outputs)
  )
    return before;
  const content: Omit<NodeContent, "shape"> = {
    kind: rerouted ? "reroute" : "node",
    id,
    flat,
    node,
    spec,
    subgraph: subgraphOf(node.class_type),
    title: titleOf(source.document, source.specs, node),
    inputs: spec ? shownInputs(spec, node) : inputsThatAreGiven(node),
    outputs,
    pictured,
    through,
  };
  const shape = shapeOfContent(content, node._meta?.size ?? null);
  return { id, box: [...positionOf(node), ...shape.size], content: { ...content, shape } };
}

/** The layout of a node in the size that the user gave it, or its own. */
export function shapeOfContent(content: Omit<NodeContent, "shape">, size: Point | null): Shape {
  return content.kind === "reroute"
    ? REROUTE_SHAPE
    : shapeOf(partsOf(content), size, content.node._meta?.collapsed === true);
}

function partsOf({ title, inputs, outputs, node, pictured }: Omit<NodeContent, "shape">): Parts {
  const linked = new Set(inputs.filter(({ name }) => isLink(node.inputs[name])).map(({ name }) => name));
  return { title, inputs, outputs, linked, pictures: pictured };
}

// Of an input that repeats, those that are given something, those that must be, and the next one.
function shownInputs(spec: NodeSpec, node: GraphNode): readonly InputSpec[] {
  const inputs = inputsOf(spec, node.inputs);
  if (inputs === spec.inputs) return inputs;
  const repeated = new Map<string, string>();
  for (const { name, grows } of spec.inputs)
    if (grows?.kind === "Repeated") for (const part of grows.names) repeated.set(`${name}.${part}`, name);
  const spare = new Set<string>();
  return inputs.filter(({ name, required }) => {
    const family = repeated.get(name);
    if (family === undefined || required || node.inputs[name] !== undefined) return true;
    if (spare.has(family)) return false;
    spare.add(family);
    return true;
  });
}

// Of a node of a kind that nobody knows, only what the document says of it can be shown.
function inputsThatAreGiven(node: GraphNode): readonly InputSpec[] {
  return Object.keys(node.inputs).map((name) => ({ ...UNKNOWN, name }));
}

function outputsThatAreRead(sheet: Sheet, id: string): readonly OutputSpec[] {
  const names = new Set((readersOf(sheet).get(id) ?? []).map(({ output }) => output));
  return [...names].map((name) => ({ name, type: "anything", port: ANYTHING, help: "", label: name }));
}

const UNKNOWN: Omit<InputSpec, "name"> = {
  type: "anything",
  port: ANYTHING,
  required: false,
  default: null,
  widget: null,
  help: "",
};

function samePort(was: NodeContent, through: NodeContent["through"]): boolean {
  return (
    was.through === through || (!!was.through && !!through && portText(was.through) === portText(through))
  );
}

function sameNames(one: readonly OutputSpec[], other: readonly OutputSpec[]): boolean {
  return (
    one === other || (one.length === other.length && one.every(({ name }, at) => name === other[at]?.name))
  );
}

/** Where links come into the subgraph, and where they leave it. */
export function boundaryItems(
  source: Source,
  sheetId: string,
  subgraph: Subgraph,
  items: ReadonlyMap<string, Item>,
): readonly Item[] {
  const spec = specOf(source.document, source.specs, instanceOf(sheetId));
  const inputs = spec?.inputs ?? [];
  const outputs = spec?.outputs ?? [];
  const inside = around([...items.values()].map((item) => item.box)) ?? [0, 0, 0, 0];
  const places = subgraph.places ?? {
    inputs: [inside[0] - 260, inside[1]] as const,
    outputs: [inside[0] + inside[2] + 80, inside[1]] as const,
  };
  return [
    boundaryItem("inputs", FROM_OUTSIDE, places.inputs, {
      subgraph,
      sheetId,
      inputs: [],
      outputs: inputs.map(asOutput),
    }),
    boundaryItem("outputs", TO_OUTSIDE, places.outputs, {
      subgraph,
      sheetId,
      inputs: outputs.map(asInput),
      outputs: [],
    }),
  ];
}

function boundaryItem(
  kind: BoundaryContent["kind"],
  id: string,
  place: Point,
  rest: Omit<BoundaryContent, "kind" | "id" | "shape">,
): Item {
  const parts = {
    title: kind === "inputs" ? "Inputs" : "Outputs",
    linked: new Set<string>(),
    pictures: false,
  };
  const rows = shapeOf({ ...parts, ...rest }, null, false);
  const size: Point = [rows.size[0], rows.size[1] + ROW]; // the last row adds one
  return { id, box: [...place, ...size], content: { kind, id, ...rest, shape: { ...rows, size } } };
}

function asOutput({ name, type, port, help, label }: InputSpec): OutputSpec {
  return { name, type, port, help, label: label ?? name };
}

function asInput({ name, type, port, help, label }: OutputSpec): InputSpec {
  return { ...UNKNOWN, name, type, port, help, label };
}

/** Where a socket stands on the sheet. */
export function socketAt(item: Item, side: "in" | "out", name: string): Point {
  const [x, y, width] = item.box;
  const { content } = item;
  if (content.kind === "group" || content.kind === "note") return [x, y];
  const found = (side === "in" ? content.shape.inputs : content.shape.outputs).get(name);
  return found ? [x + found[0], y + found[1]] : [side === "in" ? x : x + width, y + 16];
}

/** The item at another place, or of another size. */
export function itemAt(item: Item, box: Bounds): Item {
  const same = box[2] === item.box[2] && box[3] === item.box[3];
  const { content } = item;
  if (same || (content.kind !== "node" && content.kind !== "reroute")) return { ...item, box };
  const shape = shapeOfContent(content, [box[2], box[3]]);
  return { id: item.id, box: [box[0], box[1], ...shape.size], content: { ...content, shape } };
}
