/** Edits that keep what flows: a node put on a link, nodes taken out of one, reroutes, and links cut. */

import { circleBy } from "./circles";
import {
  freeId,
  isLink,
  nodeAt,
  REROUTE,
  sheetAt,
  subgraphOf,
  withSheet,
  type Document,
  type End,
  type GraphNode,
  type Link,
  type Point,
  type Sheet,
  type SheetId,
} from "./document";
import { linkAt, connect, disconnect } from "./connect";
import { mapLinks, mapNodes, putNode, removeNodes } from "./edit";
import { givenBy, wantedBy } from "./flow";
import { inputsOf } from "./growing";
import { fits, portText } from "./ports";
import { outputsOf } from "./reads";
import { same } from "./same";
import { specOf, type InputSpec, type Port, type Specs } from "./specs";
import { withoutPorts } from "./promote";

/** The ports by which a node fits on a link. */
export interface Passage {
  readonly input: string;
  readonly output: string;
}

/** By which of its ports a node fits on the link that ends there; null if it does not, or would close a circle. */
export function passageOn(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  to: End,
  id: string,
): Passage | null {
  const on = sheetAt(document, sheet);
  const from = on && linkAt(on, to);
  const node = on && nodeAt(on, id);
  const spec = node && specOf(document, specs, node.class_type);
  if (!from || !spec || id === to.node || id === from[0]) return null;
  const given = givenBy(document, specs, sheet, from);
  const free = inputsOf(spec, node.inputs).filter((one) => !isLink(node.inputs[one.name]));
  const input = closest(
    free.filter((one) => !one.widget),
    given,
    (port) => fits(given, port),
  );
  const wanted = wantedBy(document, specs, sheet, to);
  const output = closest(spec.outputs, wanted[0], (port) => wanted.every((one) => fits(port, one)));
  if (!input || !output) return null;
  if (circleBy(document, sheet, from, { node: id, input: input.name })) return null;
  const cut = withSheet(document, sheet, disconnect(on, to));
  if (circleBy(cut, sheet, [id, output.name], to)) return null;
  return { input: input.name, output: output.name };
}

/** The document with a node put on the link that ends there; the same document if it does not fit. */
export function insertOnLink(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  to: End,
  id: string,
): Document {
  const on = sheetAt(document, sheet);
  const from = on && linkAt(on, to);
  const passage = passageOn(document, specs, sheet, to, id);
  if (!from || !passage) return document;
  const entered = connect(on, from, { node: id, input: passage.input });
  return withSheet(document, sheet, connect(entered, [id, passage.output], to));
}

/** The document without these nodes; who read from them reads what went into them instead, as far as the types allow. */
export function removeKeepingLinks(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  ids: ReadonlySet<string>,
): Document {
  const on = sheetAt(document, sheet);
  if (!on) return document;
  const known = new Map<string, Link | null>();
  const nodes = mapNodes(on.nodes, (node, id) => (ids.has(id) ? undefined : kept(id, node)));
  const outputs = outputsOf(on).map((output) => {
    const from = replaced(output.from);
    const wanted = wantedBy(document, specs, sheet, { node: "@outputs", input: output.name });
    return from && allowed(from, wanted) ? { ...output, from } : output;
  });
  const next = withSheet(document, sheet, outputs.length ? { nodes, outputs } : { nodes });
  return withoutPorts(next, sheet, ids);

  function kept(id: string, node: GraphNode): GraphNode {
    return mapLinks(node, (link, input) => {
      const from = replaced(link);
      if (from === link) return link;
      return from && allowed(from, wantedBy(document, specs, sheet, { node: id, input })) ? from : undefined;
    });
  }

  function allowed(from: Link, wanted: readonly Port[]): boolean {
    const given = givenBy(document, specs, sheet, from);
    return wanted.every((port) => fits(given, port));
  }

  // Where a link comes from once the nodes are gone: through all of them that stand one behind another.
  function replaced(link: Link): Link | null {
    const way: string[] = [];
    let at: Link | null = link;
    while (at && ids.has(at[0])) {
      const key = at.join("\n");
      const before = known.get(key);
      if (before !== undefined || way.includes(key)) {
        at = before ?? null;
        break;
      }
      way.push(key);
      at = on ? passedBy(document, specs, on, at) : null;
    }
    for (const key of way) known.set(key, at);
    return at;
  }
}

/**
 * What an output gives when its node is bypassed, by the rule of `engine/formats/bypass.py`: the link into the input in the same
 * place (of two conditionings the second gives the second), else the first of the same type, else the first that fits.
 */
export function passedBy(document: Document, specs: Specs, sheet: Sheet, link: Link): Link | null {
  const node = nodeAt(sheet, link[0]);
  const spec = node && specOf(document, specs, node.class_type);
  const place = spec?.outputs.findIndex((one) => one.name === link[1]) ?? -1;
  const output = spec?.outputs[place];
  if (!spec || !output) return null;
  const known = inputsOf(spec, node.inputs);
  // Those of a subgraph stand as they were put; of other nodes the sockets come first, and what is required.
  const late = (one: InputSpec) => (one.widget ? 2 : 0) + (one.required ? 0 : 1);
  const inOrder = subgraphOf(node.class_type) === null ? known.toSorted((a, b) => late(a) - late(b)) : known;
  const alike = inOrder.filter((one) => same(one.port, output.port));
  for (const input of [...inOrder.slice(place, place + 1), ...alike, ...inOrder]) {
    const value = node.inputs[input.name];
    if (isLink(value) && fits(input.port, output.port)) return value;
  }
  return null;
}

/** The sheet with a reroute on the link that ends there, and the reroute's id; no id where there is no link. */
export function addReroute<S extends Sheet>(
  sheet: S,
  to: End,
  position: Point,
): { readonly sheet: S; readonly id: string | null } {
  const from = linkAt(sheet, to);
  if (!from) return { sheet, id: null };
  const id = freeId(sheet.nodes);
  const reroute: GraphNode = { class_type: REROUTE, inputs: { value: from }, _meta: { position } };
  return { sheet: connect(putNode(sheet, id, reroute), [id, "value"], to), id };
}

/** The sheet without the links that end there. */
export function cut<S extends Sheet>(sheet: S, ends: Iterable<End>): S {
  const byNode = new Map<string, Set<string>>();
  for (const { node, input } of ends) byNode.set(node, (byNode.get(node) ?? new Set()).add(input));
  const nodes = { ...sheet.nodes };
  for (const [id, inputs] of byNode) {
    const node = nodeAt(sheet, id);
    const left = Object.entries(node?.inputs ?? {}).filter(
      ([name, value]) => !(inputs.has(name) && isLink(value)),
    );
    if (node) nodes[id] = { ...node, inputs: Object.fromEntries(left) };
  }
  return { ...sheet, nodes };
}

/** The document without these nodes and the links from them; outputs of a subgraph that came from them go too. */
export function remove(document: Document, sheet: SheetId, ids: ReadonlySet<string>): Document {
  const on = sheetAt(document, sheet);
  if (!on) return document;
  const { groups, notes } = on;
  const left = removeNodes(on, ids);
  const next = {
    nodes: left.nodes,
    ...(groups && { groups: groups.filter((one) => !ids.has(one.id)) }),
    ...(notes && { notes: notes.filter((one) => !ids.has(one.id)) }),
  };
  return withoutPorts(withSheet(document, sheet, next), sheet, ids);
}

// The port of exactly that type, else the first that fits.
function closest<P extends { readonly port: Port }>(
  ports: readonly P[],
  type: Port | undefined,
  fitting: (port: Port) => boolean,
): P | undefined {
  const all = ports.filter((one) => fitting(one.port));
  return all.find((one) => type && portText(one.port) === portText(type)) ?? all[0];
}
