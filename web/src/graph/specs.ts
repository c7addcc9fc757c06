/** What the editor knows of each kind of node: all of it comes from the server (`GET /nodes`), nothing is listed here. */

import {
  REROUTE,
  nodeAt,
  sheetAt,
  subgraphOf,
  FROM_OUTSIDE,
  type Document,
  type Literal,
  type Subgraph,
} from "./document";
import { inputsOf } from "./growing";
import { endsOf, sourceOf } from "./reads";

export type Port =
  | { readonly kind: "named"; readonly name: string; readonly bases: readonly string[] }
  | { readonly kind: "anything" }
  | { readonly kind: "one of"; readonly members: readonly Port[] }
  | { readonly kind: "list of"; readonly item: Port };

export type Widget =
  | {
      readonly kind: "Number";
      readonly whole: boolean;
      readonly minimum: number | null;
      readonly maximum: number | null;
      readonly step: number | null;
    }
  | { readonly kind: "Seed" }
  | { readonly kind: "Text"; readonly multiline: boolean }
  | { readonly kind: "Toggle" }
  | { readonly kind: "Choice"; readonly options: readonly (string | number)[] }
  | { readonly kind: "File"; readonly folder: string };

/** An input that stands for others, which depend on what the node is given (`growing.ts`). */
export type Grows =
  | {
      readonly kind: "Repeated";
      readonly names: readonly string[];
      readonly least: number;
      readonly item: InputSpec;
    }
  | { readonly kind: "Chosen"; readonly options: Readonly<Record<string, readonly InputSpec[]>> }
  | { readonly kind: "Attached"; readonly inputs: readonly InputSpec[] };

export interface InputSpec {
  readonly name: string;
  readonly type: string;
  readonly port: Port;
  readonly required: boolean;
  readonly default: Literal;
  readonly widget: Widget | null;
  readonly help: string;
  readonly lazy?: boolean;
  readonly takes_list?: boolean;
  readonly options?: Readonly<Record<string, Literal>>;
  /** What people see where it differs from the name. */
  readonly label?: string;
  readonly grows?: Grows | null;
  /** All inputs and outputs of the node with the same text here have the same type. */
  readonly match?: string;
}

export interface OutputSpec {
  readonly name: string;
  readonly type: string;
  readonly port: Port;
  readonly gives_list?: boolean;
  readonly help: string;
  readonly label: string;
  readonly match?: string;
}

export interface NodeSpec {
  readonly id: string;
  readonly title: string;
  readonly category: string;
  readonly help: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly pack?: string;
  readonly effect?: boolean;
  readonly device?: boolean;
  readonly open_ended?: boolean;
  readonly deprecated?: boolean;
  readonly experimental?: boolean;
  /** Other names that people look for. */
  readonly aliases?: readonly string[];
}

/** All kinds of nodes by their ids. */
export type Specs = ReadonlyMap<string, NodeSpec>;

export const ANYTHING: Port = { kind: "anything" };

const REROUTE_SPEC: NodeSpec = {
  id: REROUTE,
  title: "Reroute",
  category: "",
  help: "Passes its value on, so that a link can take another way.",
  inputs: [
    {
      name: "value",
      type: "anything",
      port: ANYTHING,
      required: false,
      default: null,
      widget: null,
      help: "",
    },
  ],
  outputs: [{ name: "value", type: "anything", port: ANYTHING, help: "", label: "" }],
};

/** What is known of a kind of node, be it the server's, a reroute, or an instance of one of the document's subgraphs. */
export function specOf(document: Document, specs: Specs, classType: string): NodeSpec | undefined {
  if (classType === REROUTE) return REROUTE_SPEC;
  const id = subgraphOf(classType);
  if (id === null) return specs.get(classType);
  const subgraph = sheetAt(document, id) as Subgraph | undefined;
  if (!subgraph) return undefined;
  const known = ofSubgraphs(document, specs);
  const before = known.get(subgraph);
  if (before) return before;
  // A subgraph that holds itself is a fault of the file: inside, it has no ports.
  known.set(subgraph, {
    id: classType,
    title: subgraph.title,
    category: "",
    help: "",
    inputs: [],
    outputs: [],
  });
  const spec = specOfSubgraph(document, specs, classType, subgraph);
  known.set(subgraph, spec);
  return spec;
}

// A subgraph's ports depend on what is inside it, and on the specs of that: both are frozen, so the answer can be kept.
const KEPT = new WeakMap<Specs, WeakMap<object, Map<Subgraph, NodeSpec>>>();

function ofSubgraphs(document: Document, specs: Specs): Map<Subgraph, NodeSpec> {
  const bySubgraphs = KEPT.get(specs) ?? new WeakMap<object, Map<Subgraph, NodeSpec>>();
  KEPT.set(specs, bySubgraphs);
  const key = document.subgraphs ?? document;
  const known = bySubgraphs.get(key) ?? new Map<Subgraph, NodeSpec>();
  bySubgraphs.set(key, known);
  return known;
}

function specOfSubgraph(document: Document, specs: Specs, classType: string, subgraph: Subgraph): NodeSpec {
  const innerSpec = (id: string) => {
    const inner = nodeAt(subgraph, id);
    return inner && specOf(document, specs, inner.class_type);
  };
  const inputs = subgraph.inputs.map((input): InputSpec => {
    const ports = endsOf(subgraph, [FROM_OUTSIDE, input.name]).flatMap((end) => {
      const spec = innerSpec(end.node);
      const found =
        spec &&
        inputsOf(spec, nodeAt(subgraph, end.node)?.inputs ?? {}).find((one) => one.name === end.input);
      return found ? [found] : [];
    });
    const port = ports.find((one) => one.port.kind !== "anything") ?? ports[0];
    return {
      ...(port ?? { type: "anything", port: ANYTHING, widget: null, help: "", default: null }),
      name: input.name,
      label: input.label ?? input.name,
      required: ports.some((one) => one.required) && input.default === undefined,
      default: input.default ?? port?.default ?? null,
    };
  });
  const outputs = subgraph.outputs.map((output): OutputSpec => {
    const [node, name] = sourceOf(subgraph, output.from);
    const found =
      node === FROM_OUTSIDE
        ? inputs.find((one) => one.name === name)
        : innerSpec(node)?.outputs.find((one) => one.name === name);
    return {
      type: found?.type ?? "anything",
      port: found?.port ?? ANYTHING,
      help: found?.help ?? "",
      name: output.name,
      label: output.label ?? output.name,
    };
  });
  const { title, help = "" } = subgraph;
  return { id: classType, title, category: "subgraphs", help, inputs, outputs };
}
