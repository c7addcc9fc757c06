/** The smallest edits of a sheet. Each gives a new sheet; what an edit cannot find it leaves as it was. */

import {
  isLink,
  nodeAt,
  type GraphNode,
  type InputValue,
  type Link,
  type NodeMeta,
  type Point,
  type Sheet,
} from "./document";

/** The sheet with a node more, or with that node replaced. */
export function putNode<S extends Sheet>(sheet: S, id: string, node: GraphNode): S {
  return { ...sheet, nodes: { ...sheet.nodes, [id]: node } };
}

/** The sheet with an input of a node set to a literal or a link; undefined takes the value away, so that the default holds. */
export function setInput<S extends Sheet>(
  sheet: S,
  id: string,
  input: string,
  value: InputValue | undefined,
): S {
  const node = nodeAt(sheet, id);
  if (!node) return sheet;
  const others = Object.entries(node.inputs).filter(([name]) => name !== input);
  const inputs = value === undefined ? Object.fromEntries(others) : { ...node.inputs, [input]: value };
  return putNode(sheet, id, { ...node, inputs });
}

/** The sheet with more, or other, things kept of a node; undefined takes a thing away. */
export function setMeta<S extends Sheet>(
  sheet: S,
  id: string,
  meta: { [K in keyof NodeMeta]?: NodeMeta[K] | undefined },
): S {
  const node = nodeAt(sheet, id);
  if (!node) return sheet;
  const kept = Object.fromEntries(
    Object.entries({ ...node._meta, ...meta }).filter(([, value]) => value !== undefined),
  );
  return putNode(sheet, id, { ...node, _meta: kept });
}

/** The sheet with nodes at other places. */
export function moveNodes<S extends Sheet>(sheet: S, places: ReadonlyMap<string, Point>): S {
  const nodes = { ...sheet.nodes };
  for (const [id, position] of places) {
    const node = nodeAt(sheet, id);
    if (node) nodes[id] = { ...node, _meta: { ...node._meta, position } };
  }
  return { ...sheet, nodes };
}

/** The sheet without these nodes and without the links from them. */
export function removeNodes<S extends Sheet>(sheet: S, ids: ReadonlySet<string>): S {
  const nodes = mapNodes(sheet.nodes, (node, id) =>
    ids.has(id) ? undefined : withoutLinks(node, (link) => ids.has(link[0])),
  );
  return { ...sheet, nodes };
}

/** The nodes, each as `to` gives it; those for which it gives nothing are left out. */
export function mapNodes(
  nodes: Sheet["nodes"],
  to: (node: GraphNode, id: string) => GraphNode | undefined,
): Sheet["nodes"] {
  // Made of entries: a node with the id "__proto__" is lost where it is set as a property.
  return Object.fromEntries(
    Object.entries(nodes).flatMap(([id, node]) => {
      const next = to(node, id);
      return next ? [[id, next] as const] : [];
    }),
  );
}

/** The node without those of its links that `leave` says. */
export function withoutLinks(node: GraphNode, leave: (link: Link) => boolean): GraphNode {
  const entries = Object.entries(node.inputs);
  const kept = entries.filter(([, value]) => !(isLink(value) && leave(value)));
  return kept.length === entries.length ? node : { ...node, inputs: Object.fromEntries(kept) };
}

/** All links of a sheet, in the order of the nodes that read them. */
export function* linksOf(sheet: Sheet): Iterable<{ from: Link; node: string; input: string }> {
  for (const [node, { inputs }] of Object.entries(sheet.nodes))
    for (const [input, value] of Object.entries(inputs))
      if (isLink(value)) yield { from: value, node, input };
}

/** The node with its links led elsewhere; those for which `to` gives nothing are taken away. */
export function mapLinks(
  node: GraphNode,
  to: (link: Link, input: string) => InputValue | undefined,
): GraphNode {
  const before = Object.entries(node.inputs);
  const after = before.flatMap(([name, value]) => {
    const next = isLink(value) ? to(value, name) : value;
    return next === undefined ? [] : [[name, next] as const];
  });
  const changed = after.length < before.length || after.some(([, one], at) => one !== before[at]?.[1]);
  return changed ? { ...node, inputs: Object.fromEntries(after) } : node;
}
