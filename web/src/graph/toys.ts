/** Toy kinds of nodes, documents and a seeded chance for the tests. Nothing of the editor imports this. */

import {
  FROM_OUTSIDE,
  isLink,
  nodeAt,
  REROUTE,
  sheetAt,
  subgraphOf,
  type Document,
  type GraphNode,
  type InputValue,
  type Link,
  type Literal,
  type NodeMeta,
  type Subgraph,
} from "./document";
import { ANYTHING, type InputSpec, type NodeSpec, type Port, type Specs, type Widget } from "./specs";

const WIDGETS: Readonly<Record<string, Widget>> = {
  int: { kind: "Number", whole: true, minimum: 0, maximum: 10000, step: 1 },
  float: { kind: "Number", whole: false, minimum: 0, maximum: 10, step: 0.1 },
  str: { kind: "Text", multiline: true },
  bool: { kind: "Toggle" },
  seed: { kind: "Seed" },
  file: { kind: "File", folder: "checkpoints" },
};
const TYPES: Readonly<Record<string, string>> = { seed: "int", file: "str" };

/** A kind of node: its ports in words, "model:MODEL!, steps:int=20" and "latent:LATENT". "!" is required. */
export function kind(id: string, inputs: string, outputs: string, rest: Partial<NodeSpec> = {}): NodeSpec {
  return {
    id,
    title: id.replace(/(?<=[a-z])(?=[A-Z])/g, " "),
    category: "toys",
    help: "",
    inputs: parts(inputs).map(inputOf),
    outputs: parts(outputs).map((part) => {
      const [name = "", type = ""] = part.split(":");
      return { name, type, port: portOf(type), help: "", label: "" };
    }),
    ...rest,
  };
}

/** A port's type from words: "IMAGE", "any", "IMAGE|MASK", "[IMAGE]". */
export function portOf(type: string): Port {
  if (type === "any") return ANYTHING;
  if (type.startsWith("[")) return { kind: "list of", item: portOf(type.slice(1, -1)) };
  if (type.includes("|")) return { kind: "one of", members: type.split("|").map(portOf) };
  return { kind: "named", name: TYPES[type] ?? type, bases: [] };
}

function inputOf(part: string): InputSpec {
  const [head = "", value] = part.split("=");
  const [name = "", typed = ""] = head.split(":");
  const type = typed.replace("!", "");
  return {
    name,
    type,
    port: portOf(type),
    required: typed.endsWith("!"),
    default: value === undefined ? null : (JSON.parse(value) as Literal),
    widget: WIDGETS[type] ?? null,
    help: "",
  };
}

function parts(text: string): readonly string[] {
  return text === "" ? [] : text.split(",").map((part) => part.trim());
}

/** A small world of diffusion. */
export const KINDS: Specs = new Map(
  [
    kind("Load", "name:file!", "model:MODEL, clip:CLIP, vae:VAE"),
    kind("Encode", "text:str!, clip:CLIP!", "conditioning:CONDITIONING", { title: "Encode text" }),
    kind("Empty", "width:int=64, height:int=64", "latent:LATENT"),
    kind(
      "Sample",
      "model:MODEL!, seed:seed=0, steps:int=20, positive:CONDITIONING!, negative:CONDITIONING!, latent:LATENT!",
      "latent:LATENT",
    ),
    kind("Decode", "samples:LATENT!, vae:VAE!", "image:IMAGE"),
    kind("DecodeTiled", "samples:LATENT!, vae:VAE!, tile:int=64", "image:IMAGE", {
      category: "_for_testing",
    }),
    kind("EncodeImage", "pixels:IMAGE!, vae:VAE!", "latent:LATENT"),
    kind("Inpaint", "pixels:IMAGE!, vae:VAE!, mask:MASK!", "latent:LATENT"),
    kind("Invert", "image:IMAGE!", "image:IMAGE"),
    kind("Blend", "one:IMAGE!, two:IMAGE!, amount:float=0.5", "image:IMAGE"),
    kind("Masked", "image:IMAGE!", "mask:MASK"),
    kind("Split", "image:IMAGE!, mask:MASK", "image:IMAGE, mask:MASK"),
    kind("Save", 'images:IMAGE!, prefix:str="weft"', "", { effect: true }),
    kind("Show", "value:any!", ""),
  ].map((one) => [one.id, one]),
);

/** A node: `node("Decode", { samples: ["3", "latent"] })`. */
export function node(
  class_type: string,
  inputs: Record<string, InputValue> = {},
  meta?: NodeMeta,
): GraphNode {
  return meta ? { class_type, inputs, _meta: meta } : { class_type, inputs };
}

/** A document of these nodes. */
export function documentOf(nodes: Record<string, GraphNode>, rest: Partial<Document> = {}): Document {
  return { weft: 2, nodes, ...rest };
}

/** Text to image, as everyone knows it. */
export const TEXT_TO_IMAGE: Document = documentOf({
  load: node("Load", { name: "nano.safetensors" }, { position: [0, 0] }),
  prompt: node(
    "Encode",
    { text: "a red circle", clip: ["load", "clip"] },
    { position: [300, 0], title: "Prompt" },
  ),
  negative: node("Encode", { text: "", clip: ["load", "clip"] }, { position: [300, 200] }),
  empty: node("Empty", { width: 64, height: 64 }, { position: [300, 400] }),
  sample: node(
    "Sample",
    {
      model: ["load", "model"],
      seed: 7,
      positive: ["prompt", "conditioning"],
      negative: ["negative", "conditioning"],
      latent: ["empty", "latent"],
    },
    { position: [600, 0] },
  ),
  decode: node("Decode", { samples: ["sample", "latent"], vae: ["load", "vae"] }, { position: [900, 0] }),
  save: node("Save", { images: ["decode", "image"], prefix: "toy" }, { position: [1200, 0] }),
});

/** Four nodes in a row, of which the second has a name that plain objects do not keep when it is set as a property. */
export const ODDLY_NAMED = JSON.parse(`{"weft": 2, "nodes": {
  "a": {"class_type": "Invert", "inputs": {}},
  "__proto__": {"class_type": "Invert", "inputs": {"image": ["a", "image"]}},
  "b": {"class_type": "Invert", "inputs": {"image": ["__proto__", "image"]}},
  "c": {"class_type": "Save", "inputs": {"images": ["b", "image"]}}
}}`) as Document;

/** Chance that is the same every time (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of them by chance. */
export function oneOf<T>(all: readonly T[], random: () => number): T {
  const found = all[Math.floor(random() * all.length)];
  if (found === undefined) throw new Error("There is nothing to choose from.");
  return found;
}

/** Many image nodes without a circle: each reads up to two earlier ones, sometimes through a reroute. */
export function manyNodes(count: number, random: () => number): Document {
  const nodes: Record<string, GraphNode> = { n0: node("Show", { value: 1 }) };
  const sources: Link[] = [];
  for (let number = 1; number < count; number += 1) {
    const id = `n${number}`;
    const position = [Math.round(random() * 4000), Math.round(random() * 4000)] as const;
    const from = () => (sources.length && random() < 0.9 ? oneOf(sources.slice(-30), random) : undefined);
    const [one, two] = [from(), from()];
    if (one && random() < 0.1) nodes[id] = node(REROUTE, { value: one }, { position });
    else
      nodes[id] = node("Blend", { ...(one && { one }), ...(two && { two }), amount: number }, { position });
    sources.push([id, nodes[id].class_type === REROUTE ? "value" : "image"]);
  }
  return documentOf(nodes);
}

/** The graph that runs, by flat ids: instances are entered, reroutes passed over. What the server does, in few lines. */
export function flatGraph(document: Document): Record<string, Pick<GraphNode, "class_type" | "inputs">> {
  interface Frame {
    readonly sheet: Document | Subgraph;
    readonly prefix: string;
    readonly outer: { readonly frame: Frame; readonly instance: GraphNode } | null;
  }
  const flat = new Map<string, Pick<GraphNode, "class_type" | "inputs">>();
  enter({ sheet: document, prefix: "", outer: null });
  return Object.fromEntries(flat);

  function enter(frame: Frame) {
    for (const [id, one] of Object.entries(frame.sheet.nodes)) {
      const inner = innerOf(frame, id, one);
      if (inner) enter(inner);
      else if (one.class_type !== REROUTE) {
        const inputs = Object.entries(one.inputs).flatMap(([name, value]) => {
          const found = resolved(frame, value);
          return found === undefined ? [] : [[name, found] as const];
        });
        flat.set(frame.prefix + id, { class_type: one.class_type, inputs: Object.fromEntries(inputs) });
      }
    }
  }

  function innerOf(frame: Frame, id: string, instance: GraphNode): Frame | null {
    const sheet = sheetAt(document, subgraphOf(instance.class_type) ?? "") as Subgraph | undefined;
    return sheet ? { sheet, prefix: `${frame.prefix}${id}:`, outer: { frame, instance } } : null;
  }

  function resolved(frame: Frame, value: InputValue | undefined): InputValue | undefined {
    if (!isLink(value)) return value;
    if (value[0] === FROM_OUTSIDE) {
      if (!frame.outer) return undefined;
      const port = (frame.sheet as Subgraph).inputs.find((one) => one.name === value[1]);
      return resolved(frame.outer.frame, frame.outer.instance.inputs[value[1]] ?? port?.default);
    }
    const source = nodeAt(frame.sheet, value[0]);
    if (!source) return undefined;
    if (source.class_type === REROUTE) return resolved(frame, source.inputs["value"]);
    const inner = innerOf(frame, value[0], source);
    if (!inner) return [frame.prefix + value[0], value[1]];
    return resolved(inner, (inner.sheet as Subgraph).outputs.find((one) => one.name === value[1])?.from);
  }
}

/** The flat graph with ids told apart only by what the nodes are and read: equal for graphs that compute the same. */
export function shapeOf(document: Document): readonly string[] {
  const flat = flatGraph(document);
  const known = new Map<string, string>();
  return Object.keys(flat).map(textOf).sort();

  function textOf(id: string): string {
    const before = known.get(id);
    if (before !== undefined) return before;
    const one = flat[id];
    const inputs = Object.entries(one?.inputs ?? {})
      .map(([name, value]) => [name, isLink(value) ? [textOf(value[0]), value[1]] : value] as const)
      .sort(([a], [b]) => a.localeCompare(b));
    const text = JSON.stringify([one?.class_type, inputs]);
    known.set(id, text);
    return text;
  }
}
