/** Loose ends of links: what they bring or take, which sockets they fit, and what they would be linked to. */

import { isLink, type End, type Link } from "../graph/document";
import { bridges, linkAt, refusal } from "../graph/connect";
import { givenBy, wantedBy } from "../graph/flow";
import { fits } from "../graph/ports";
import { readersOf } from "../graph/reads";
import { ANYTHING, type Port } from "../graph/specs";
import { socketKey, type LooseEnd, type WireTarget } from "../state/canvas";
import type { Item, Scene } from "./model";
import { labelOf } from "./shape";
import { sameLink } from "./wires";

/** The type of what a loose end brings or takes. */
export function portOfEnd({ source }: Scene, end: LooseEnd): Port {
  const { document, specs, sheetId } = source;
  if ("from" in end) return givenBy(document, specs, sheetId, end.from);
  return wantedBy(document, specs, sheetId, end.to)[0] ?? ANYTHING;
}

/** A link between two loose ends, if one of them begins a link and the other ends one. */
export function linkBetween(
  one: LooseEnd,
  other: LooseEnd,
): { readonly from: Link; readonly to: End } | null {
  if ("from" in one) return "to" in other ? { from: one.from, to: other.to } : null;
  return "from" in other ? { from: other.from, to: one.to } : null;
}

/** The sockets of an item that lie on the other side than a loose end. */
function opposite(
  item: Item,
  end: LooseEnd,
): readonly { readonly end: LooseEnd; readonly port: Port; readonly free: boolean }[] {
  const { content } = item;
  if (content.kind === "group" || content.kind === "note") return [];
  if ("from" in end)
    return content.inputs.map(({ name, port }) => ({
      end: { to: { node: item.id, input: name } },
      port,
      free: !("node" in content && isLink(content.node.inputs[name])),
    }));
  return content.outputs.map(({ name, port }) => ({ end: { from: [item.id, name] }, port, free: true }));
}

/** The names of all sockets that a loose end may be linked to: of a fitting type, and without closing a circle. */
export function fittingSockets(scene: Scene, end: LooseEnd): ReadonlySet<string> {
  const own = "from" in end ? end.from[0] : end.to.node;
  const circular = "from" in end ? upstream(scene, own) : downstream(scene, own);
  const given = portOfEnd(scene, end);
  const wanted =
    "to" in end ? wantedBy(scene.source.document, scene.source.specs, scene.source.sheetId, end.to) : [];
  const fitting = new Set<string>();
  for (const item of scene.items.values()) {
    if (circular.has(item.id)) continue;
    for (const { end: other, port } of opposite(item, end)) {
      const flows = "from" in other ? portOfOutput(scene, item, other.from, port) : port;
      const fit = "from" in end ? fits(given, flows) : wanted.every((one) => fits(flows, one));
      if (fit) fitting.add(keyOfEnd(other));
    }
  }
  return fitting;
}

// What comes out of a reroute is known only from what goes in.
function portOfOutput({ source }: Scene, item: Item, from: Link, port: Port): Port {
  if (port.kind !== "anything" && item.content.kind !== "inputs") return port;
  return givenBy(source.document, source.specs, source.sheetId, from);
}

/** The name of the socket at a loose end. */
export function keyOfEnd(end: LooseEnd): string {
  return "from" in end
    ? socketKey("out", end.from[0], end.from[1])
    : socketKey("in", end.to.node, end.to.input);
}

/** What a loose end would be linked to at a socket: or why not, and what would help. */
export function targetAt(scene: Scene, loose: LooseEnd, end: LooseEnd): WireTarget | null {
  const link = linkBetween(loose, end);
  if (!link) return null;
  const { document, specs, sheetId } = scene.source;
  const before = linkAt(scene.sheet, link.to);
  if (before && sameLink(before, link.from)) return { end, exact: true, refusal: null, bridges: [] };
  const why = refusal(document, specs, sheetId, link.from, link.to);
  const helping = why === null ? [] : bridges(document, specs, sheetId, link.from, link.to);
  return { end, exact: true, refusal: why, bridges: helping };
}

/** What a loose end would be linked to if it were let go over a node: its first fitting socket, a free one before others. */
export function targetOn(loose: LooseEnd, item: Item, fitting: ReadonlySet<string>): WireTarget | null {
  const sockets = opposite(item, loose).filter(({ end }) => fitting.has(keyOfEnd(end)));
  const found = sockets.find(({ free }) => free) ?? sockets[0];
  return found ? { end: found.end, exact: false, refusal: null, bridges: [] } : null;
}

function upstream({ sheet }: Scene, id: string): ReadonlySet<string> {
  const seen = new Set([id]);
  for (const at of seen)
    // it grows while it is read
    for (const value of Object.values(sheet.nodes[at]?.inputs ?? {})) if (isLink(value)) seen.add(value[0]);
  return seen;
}

function downstream({ sheet }: Scene, id: string): ReadonlySet<string> {
  const seen = new Set([id]);
  for (const at of seen) for (const { node } of readersOf(sheet).get(at) ?? []) seen.add(node);
  return seen;
}

/** A socket that a loose end may be linked to. */
export interface FittingEnd {
  readonly key: string;
  readonly end: LooseEnd;
  readonly port: Port;
  readonly free: boolean;
  /** Node and socket, as people read them: "Sample: latent image". */
  readonly name: string;
}

/** All sockets that a loose end may be linked to, by name; those that nothing is linked to come first. */
export function fittingEnds(scene: Scene, end: LooseEnd): readonly FittingEnd[] {
  const fitting = fittingSockets(scene, end);
  const found: FittingEnd[] = [];
  for (const item of scene.items.values())
    for (const { end: other, port, free } of opposite(item, end)) {
      const key = keyOfEnd(other);
      if (fitting.has(key)) found.push({ key, end: other, port, free, name: nameOfEnd(scene, other) });
    }
  return found.sort((a, b) => Number(b.free) - Number(a.free) || a.name.localeCompare(b.name));
}

/** How people call a loose end: by its node and its socket. */
export function nameOfEnd(scene: Scene, end: LooseEnd): string {
  const [id, socket] = "from" in end ? end.from : [end.to.node, end.to.input];
  const content = scene.items.get(id)?.content;
  if (!content || content.kind === "group" || content.kind === "note") return socket;
  const title = "title" in content ? content.title : content.kind === "inputs" ? "Inputs" : "Outputs";
  const port = ("from" in end ? content.outputs : content.inputs).find(({ name }) => name === socket);
  return `${title}: ${labelOf(port ?? { name: socket })}`;
}
