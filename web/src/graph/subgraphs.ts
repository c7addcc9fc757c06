/** Nodes put into a subgraph and taken out of one again. Both leave the graph that runs as it was. */

import { around, boundsIn } from "./bounds";
import {
  freeId,
  FROM_OUTSIDE,
  instanceOf,
  isLink,
  nodeAt,
  positionOf,
  REROUTE,
  sheetAt,
  subgraphOf,
  withSheet,
  type Document,
  type GraphNode,
  type InputValue,
  type Link,
  type Point,
  type Sheet,
  type SheetId,
  type Subgraph,
  type SubgraphInput,
  type SubgraphOutput,
} from "./document";
import { mapLinks, mapNodes } from "./edit";
import { renameExposed } from "./exposed";
import { framesOf, freeFrameId, moveAll } from "./groups";
import { freeName } from "./promote";
import { endsOf, outputsOf } from "./reads";
import { specOf, type Specs } from "./specs";
import { usesOf } from "./uses";

export { exposeInput, exposeOutput, hideInput, hideOutput, movePort, renamePort } from "./promote";

const MARGIN = 160;

/** The document with nodes (notes and groups too) put into a new subgraph, and the id of the instance in their place. */
export function makeSubgraph(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  ids: Iterable<string>,
  title: string,
): { readonly document: Document; readonly id: string } {
  const on = sheetAt(document, sheet) ?? document;
  const chosen = new Set(ids);
  const id = freeId(on.nodes);
  const ports = newPorts(document, specs, on, id);
  const inner = mapNodes(on.nodes, (node, own) =>
    chosen.has(own)
      ? mapLinks(node, (link, input) => (chosen.has(link[0]) ? link : ports.entry(link, input, node)))
      : undefined,
  );
  const outer = mapNodes(on.nodes, (node, own) =>
    chosen.has(own) ? undefined : mapLinks(node, (link) => (chosen.has(link[0]) ? ports.exit(link) : link)),
  );
  const outputs = outputsOf(on).map((one) =>
    chosen.has(one.from[0]) ? { ...one, from: ports.exit(one.from) } : one,
  );
  const [x, y, width, height] = around(boundsIn(on, new Map(), chosen).values()) ?? [0, 0, 0, 0];
  const position: Point = [Math.round(x + width / 2 - MARGIN / 2), Math.round(y + height / 2 - MARGIN / 2)];
  const own = freeId(document.subgraphs ?? {});
  const instance: GraphNode = { class_type: instanceOf(own), inputs: ports.links, _meta: { position } };
  const subgraph: Subgraph = {
    title,
    nodes: inner,
    ...framesOf(on, (one) => chosen.has(one.id)),
    inputs: ports.inputs,
    outputs: ports.outputs,
    places: { inputs: [x - MARGIN, y], outputs: [x + width + MARGIN, y] },
  };
  const renamed = renameExposed(document, sheet, ({ path, input }) =>
    chosen.has(path[0] ?? "") ? { path: [id, ...path], input } : { path, input },
  );
  const left = {
    nodes: { ...outer, [id]: instance },
    ...framesOf(on, (one) => !chosen.has(one.id)),
    ...(outputs.length > 0 && { outputs }),
  };
  const held = { ...renamed, subgraphs: { ...renamed.subgraphs, [own]: subgraph } };
  return { document: withSheet(held, sheet, left), id };
}

/** The document with what is in an instance laid out in its place, and the ids that this has there. */
export function unpack(
  document: Document,
  sheet: SheetId,
  id: string,
): { readonly document: Document; readonly ids: readonly string[] } {
  const on = sheetAt(document, sheet);
  const instance = on && nodeAt(on, id);
  const kind = instance ? subgraphOf(instance.class_type) : null;
  const subgraph = kind === null ? undefined : (sheetAt(document, kind) as Subgraph | undefined);
  if (!on || !instance || kind === null || !subgraph) return { document, ids: [] };
  const ids = idsThere(on, subgraph, id);
  const inward = (link: Link): InputValue | undefined =>
    link[0] === FROM_OUTSIDE ? valueOf(instance, subgraph, link[1]) : [ids.get(link[0]) ?? link[0], link[1]];
  const outward = (link: Link): InputValue | undefined => {
    if (link[0] !== id) return link;
    const from = subgraph.outputs.find((one) => one.name === link[1])?.from;
    // What an instance gives may be what goes into it, and that may be what another of its outputs gives.
    const value = from && inward(from);
    return from?.[0] === FROM_OUTSIDE && isLink(value) ? outward(value) : value;
  };
  const placed = inPlace(subgraph, positionOf(instance));
  const around = mapNodes(on.nodes, (node, own) => (own === id ? undefined : mapLinks(node, outward)));
  const within = Object.entries(placed.nodes).map(([own, node]) => {
    const out = mapLinks(node, (link) => {
      const value = inward(link);
      return isLink(value) ? outward(value) : value;
    });
    return [ids.get(own) ?? own, inModeOf(instance, out)] as const;
  });
  const nodes = { ...around, ...Object.fromEntries(within) };
  const outputs = outputsOf(on).flatMap((one) => {
    const from = outward(one.from);
    return isLink(from) ? [{ ...one, from }] : [];
  });
  const left = { nodes, ...framesWith(on, placed), ...(outputs.length > 0 && { outputs }) };
  const renamed = renameExposed(document, sheet, ({ path, input }) => {
    if (path[0] !== id) return { path, input };
    if (path.length > 1) return { path: [ids.get(path[1] ?? "") ?? "", ...path.slice(2)], input };
    const end = endsOf(subgraph, [FROM_OUTSIDE, input])[0];
    return end ? { path: [ids.get(end.node) ?? end.node], input: end.input } : { path, input };
  });
  return { document: withoutUnused(withSheet(renamed, sheet, left), kind), ids: [...ids.values()] };
}

// The ports of a subgraph as links are found that lead into it and out of it: one for each thing that is read.
function newPorts(document: Document, specs: Specs, on: Sheet, instance: string) {
  const inputs: SubgraphInput[] = [];
  const outputs: SubgraphOutput[] = [];
  const links: Record<string, InputValue> = {};
  const entries = new Map<string, Link>();
  const exits = new Map<string, Link>();
  return { inputs, outputs, links, entry, exit };

  function entry(link: Link, input: string, reader: GraphNode): Link {
    const before = entries.get(link.join("\n"));
    if (before) return before;
    const name = freeName(reader.class_type === REROUTE ? link[1] : input, inputs);
    inputs.push({ name });
    links[name] = link;
    entries.set(link.join("\n"), [FROM_OUTSIDE, name]);
    return [FROM_OUTSIDE, name];
  }

  function exit(link: Link): Link {
    const before = exits.get(link.join("\n"));
    if (before) return before;
    const name = freeName(link[1], outputs);
    const kind = nodeAt(on, link[0])?.class_type ?? "";
    const label = specOf(document, specs, kind)?.outputs.find((one) => one.name === link[1])?.label;
    outputs.push({ name, ...(label && label !== name && { label }), from: link });
    exits.set(link.join("\n"), [instance, name]);
    return [instance, name];
  }
}

// Ids that are free stay; the instance's own becomes free.
function idsThere(on: Sheet, subgraph: Subgraph, instance: string): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  const taken = new Set(Object.keys(on.nodes).filter((id) => id !== instance));
  let number = Object.keys(on.nodes).length;
  for (const id of Object.keys(subgraph.nodes)) if (!taken.has(id)) ids.set(id, id);
  for (const id of Object.keys(subgraph.nodes)) {
    if (ids.has(id)) continue;
    do number += 1;
    while (taken.has(String(number)) || ids.has(String(number)));
    taken.add(String(number));
    ids.set(id, String(number));
  }
  return new Map(Object.keys(subgraph.nodes).map((id) => [id, ids.get(id) ?? id]));
}

function valueOf(instance: GraphNode, subgraph: Subgraph, name: string): InputValue | undefined {
  return instance.inputs[name] ?? subgraph.inputs.find((one) => one.name === name)?.default;
}

function inPlace(subgraph: Subgraph, [x, y]: Point): Subgraph {
  const [left, top, width, height] = around(boundsIn(subgraph, new Map()).values()) ?? [0, 0, 0, 0];
  const by: Point = [
    Math.round(x - (left + width / 2 - MARGIN / 2)),
    Math.round(y - (top + height / 2 - MARGIN / 2)),
  ];
  const frames = [...(subgraph.groups ?? []), ...(subgraph.notes ?? [])].map((one) => one.id);
  return moveAll(subgraph, new Set([...Object.keys(subgraph.nodes), ...frames]), by);
}

function inModeOf(instance: GraphNode, node: GraphNode): GraphNode {
  const mode = instance._meta?.mode;
  return mode ? { ...node, _meta: { ...node._meta, mode } } : node;
}

function framesWith(on: Sheet, more: Sheet): Pick<Sheet, "groups" | "notes"> {
  let sheet: Pick<Sheet, "nodes" | "groups" | "notes"> = on;
  for (const one of more.groups ?? [])
    sheet = { ...sheet, groups: [...(sheet.groups ?? []), { ...one, id: freeFrameId(sheet, "group") }] };
  for (const one of more.notes ?? [])
    sheet = { ...sheet, notes: [...(sheet.notes ?? []), { ...one, id: freeFrameId(sheet, "note") }] };
  return framesOf(sheet, () => true);
}

function withoutUnused(document: Document, subgraph: string): Document {
  if (usesOf(document, subgraph).length > 0) return document;
  const { [subgraph]: _, ...subgraphs } = document.subgraphs ?? {};
  return { ...document, subgraphs };
}
