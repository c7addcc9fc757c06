/** The ports of subgraphs: inner inputs and outputs that instances show. All instances change with their subgraph. */

import {
  FROM_OUTSIDE,
  isLink,
  nodeAt,
  sheetAt,
  withSheet,
  type Document,
  type End,
  type InputValue,
  type Link,
  type SheetId,
  type Subgraph,
} from "./document";
import { mapLinks, mapNodes, setInput } from "./edit";
import { dropExposed } from "./exposed";
import { outputsOf } from "./reads";
import { usesOf } from "./uses";

export type Side = "inputs" | "outputs";

/** The document with an input of an inner node shown on the instances; its value becomes their default. A linked one stays. */
export function exposeInput(document: Document, subgraph: string, end: End, label?: string): Document {
  const on = subgraphAt(document, subgraph);
  const node = on && nodeAt(on, end.node);
  const value = node?.inputs[end.input];
  if (!node || isLink(value)) return document;
  const name = freeName(end.input, on.inputs);
  const port = {
    name,
    ...(label !== undefined && { label }),
    ...(value !== undefined && { default: value }),
  };
  const { nodes } = setInput(on, end.node, end.input, [FROM_OUTSIDE, name]);
  return withSheet(document, subgraph, { nodes, inputs: [...on.inputs, port] });
}

/** The document with an output of an inner node shown on the instances; one that is shown already stays as it is. */
export function exposeOutput(document: Document, subgraph: string, from: Link, label?: string): Document {
  const on = subgraphAt(document, subgraph);
  if (!on || on.outputs.some((one) => one.from[0] === from[0] && one.from[1] === from[1])) return document;
  const name = freeName(from[1], on.outputs);
  const port = { name, ...(label !== undefined && { label }), from };
  return withSheet(document, subgraph, { outputs: [...on.outputs, port] });
}

/** The document with an input no longer shown. Inside, what the first instance had, else the default, takes its place. */
export function hideInput(document: Document, subgraph: string, name: string): Document {
  const on = subgraphAt(document, subgraph);
  const port = on?.inputs.find((one) => one.name === name);
  if (!on || !port) return document;
  const uses = usesOf(document, subgraph);
  const given = uses.map((use) => sheetAt(document, use.sheet)?.nodes[use.id]?.inputs[name]);
  const value = given.find((one): one is InputValue => one !== undefined && !isLink(one)) ?? port.default;
  const nodes = mapNodes(on.nodes, (node) =>
    mapLinks(node, (link) => (link[0] === FROM_OUTSIDE && link[1] === name ? value : link)),
  );
  const inputs = on.inputs.filter((one) => one !== port);
  const outputs = on.outputs.filter((one) => !(one.from[0] === FROM_OUTSIDE && one.from[1] === name));
  let next = withSheet(document, subgraph, { nodes, inputs, outputs });
  for (const use of uses) {
    const sheet = sheetAt(next, use.sheet);
    if (sheet) next = withSheet(next, use.sheet, { nodes: setInput(sheet, use.id, name, undefined).nodes });
  }
  const lost = on.outputs.filter((one) => !outputs.includes(one)).map((one) => one.name);
  return withoutLinksFrom(next, subgraph, new Set(lost));
}

/** The document with an output no longer shown, and without the links from it. */
export function hideOutput(document: Document, subgraph: string, name: string): Document {
  const on = subgraphAt(document, subgraph);
  if (!on?.outputs.some((one) => one.name === name)) return document;
  const outputs = on.outputs.filter((one) => one.name !== name);
  return withoutLinksFrom(withSheet(document, subgraph, { outputs }), subgraph, new Set([name]));
}

/** The document with a port called otherwise. Only what people see changes: links go on naming it as before. */
export function renamePort(
  document: Document,
  subgraph: string,
  side: Side,
  name: string,
  label: string,
): Document {
  const on = subgraphAt(document, subgraph);
  if (!on) return document;
  const renamed = <P extends { readonly name: string; readonly label?: string }>(ports: readonly P[]) =>
    ports.map((one) => (one.name === name ? labelled(one, label) : one));
  return withSheet(
    document,
    subgraph,
    side === "inputs" ? { inputs: renamed(on.inputs) } : { outputs: renamed(on.outputs) },
  );
}

/** The document with a port at another place among those of its side, counted from 0. */
export function movePort(
  document: Document,
  subgraph: string,
  side: Side,
  name: string,
  place: number,
): Document {
  const on = subgraphAt(document, subgraph);
  if (!on) return document;
  const moved = <P extends { readonly name: string }>(ports: readonly P[]): readonly P[] => {
    const port = ports.find((one) => one.name === name);
    return port ? ports.filter((one) => one !== port).toSpliced(place, 0, port) : ports;
  };
  return withSheet(
    document,
    subgraph,
    side === "inputs" ? { inputs: moved(on.inputs) } : { outputs: moved(on.outputs) },
  );
}

/** The document without the ports and the fields of nodes that have been taken from a sheet. */
export function withoutPorts(document: Document, sheet: SheetId, gone: ReadonlySet<string>): Document {
  const on = sheetAt(document, sheet);
  let next = document;
  if (on && sheet !== null)
    for (const output of outputsOf(on))
      if (gone.has(output.from[0])) next = hideOutput(next, sheet, output.name);
  return dropExposed(next);
}

/** A name that no port has: the wanted one, or with a number behind it. */
export function freeName(wanted: string, ports: readonly { readonly name: string }[]): string {
  const taken = new Set(ports.map((one) => one.name));
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted}_${number}`)) number += 1;
  return `${wanted}_${number}`;
}

function subgraphAt(document: Document, id: string): Subgraph | undefined {
  return sheetAt(document, id) as Subgraph | undefined;
}

function labelled<P extends { readonly name: string; readonly label?: string }>(port: P, label: string): P {
  const { label: _, ...rest } = port;
  return (label.trim() === "" || label === port.name ? rest : { ...rest, label }) as P;
}

// Outputs of subgraphs around may have come from those that are gone: they go with them.
function withoutLinksFrom(document: Document, subgraph: string, names: ReadonlySet<string>): Document {
  if (names.size === 0) return document;
  let next = document;
  for (const { sheet, id } of usesOf(document, subgraph)) {
    const on = sheetAt(next, sheet);
    if (!on) continue;
    const isGone = (link: Link) => link[0] === id && names.has(link[1]);
    const nodes = mapNodes(on.nodes, (node) => mapLinks(node, (link) => (isGone(link) ? undefined : link)));
    next = withSheet(next, sheet, { nodes });
    for (const output of outputsOf(on))
      if (sheet !== null && isGone(output.from)) next = hideOutput(next, sheet, output.name);
  }
  return next;
}
