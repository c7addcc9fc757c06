/**
 * The document: what the user draws, as Weft's own file holds it (version 2, docs/graph-file.md). Plain frozen data; every
 * edit gives a new document that shares what did not change with the old one. Nothing here knows of a browser.
 */

export type Literal =
  string | number | boolean | null | readonly Literal[] | { readonly [key: string]: Literal };

/** Where a value comes from: a node's id (`@inputs` within a subgraph) and the name of one of its outputs. */
export type Link = readonly [node: string, output: string];

export type InputValue = Literal | Link;

export type Point = readonly [x: number, y: number];

/** Left, top, width, height. */
export type Bounds = readonly [x: number, y: number, width: number, height: number];

/** "mute": the node and the links from it are left out. "bypass": what comes in goes through it untouched. */
export type Mode = "mute" | "bypass";

/** What becomes of a seed after a run was queued. */
export type SeedControl = "fixed" | "increment" | "decrement" | "randomize";

/** What the editor keeps of a node; keys that it does not know are kept too. */
export interface NodeMeta {
  readonly title?: string;
  readonly position?: Point;
  readonly size?: Point;
  readonly color?: string;
  readonly collapsed?: boolean;
  readonly pinned?: boolean;
  readonly mode?: Mode;
  readonly control?: Readonly<Record<string, SeedControl>>;
  readonly [other: string]: unknown;
}

export interface GraphNode {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, InputValue>>;
  readonly _meta?: NodeMeta;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly color?: string;
  readonly bounds: Bounds;
}

/** A text in markdown that lies on the canvas. */
export interface Note {
  readonly id: string;
  readonly text: string;
  readonly color?: string;
  readonly bounds: Bounds;
}

/** One plane of nodes: the document's own, or that of a subgraph. */
export interface Sheet {
  readonly nodes: Readonly<Record<string, GraphNode>>;
  readonly groups?: readonly Group[];
  readonly notes?: readonly Note[];
}

export interface SubgraphInput {
  readonly name: string;
  readonly label?: string;
  readonly default?: Literal;
}

export interface SubgraphOutput {
  readonly name: string;
  readonly label?: string;
  readonly from: Link;
}

export interface Subgraph extends Sheet {
  readonly title: string;
  readonly help?: string;
  readonly inputs: readonly SubgraphInput[];
  readonly outputs: readonly SubgraphOutput[];
  readonly places?: { readonly inputs: Point; readonly outputs: Point };
}

/** An input that the form view shows. `node` is a flat id. */
export interface Exposed {
  readonly node: string;
  readonly input: string;
  readonly label?: string;
}

export interface Document extends Sheet {
  readonly weft: 2;
  readonly title?: string;
  readonly description?: string;
  readonly subgraphs?: Readonly<Record<string, Subgraph>>;
  readonly exposed?: readonly Exposed[];
}

/** Where a link ends: an input of a node (`@outputs` for those of the subgraph itself). */
export interface End {
  readonly node: string;
  readonly input: string;
}

/** Which sheet of a document: a subgraph's id, or null for the document's own. */
export type SheetId = string | null;

export const EMPTY: Document = { weft: 2, nodes: {} };

/** Links into a subgraph come from a node of this name. */
export const FROM_OUTSIDE = "@inputs";

/** Links out of a subgraph end at a node of this name; in the file they are the `from` of its outputs. */
export const TO_OUTSIDE = "@outputs";

/** The kind of a node that only passes its `value` on. */
export const REROUTE = "@reroute";

/** Whether an input's value is a link: a list of a node's id and an output's name. */
export function isLink(value: InputValue | undefined): value is Link {
  return (
    Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && typeof value[1] === "string"
  );
}

/** The subgraph that a node is an instance of, by its kind; null for any other node. */
export function subgraphOf(classType: string): string | null {
  return classType.startsWith("@") && classType !== REROUTE ? classType.slice(1) : null;
}

/** The kind of the nodes that are instances of a subgraph. */
export function instanceOf(subgraph: string): string {
  return `@${subgraph}`;
}

/** A sheet of the document; undefined for a subgraph that is not there. */
export function sheetAt(document: Document, sheet: SheetId): Sheet | undefined {
  if (sheet === null) return document;
  const { subgraphs = {} } = document;
  return Object.hasOwn(subgraphs, sheet) ? subgraphs[sheet] : undefined;
}

/** The document with that sheet replaced. What a subgraph has beside its nodes stays, unless `next` says otherwise. */
export function withSheet(document: Document, sheet: SheetId, next: Partial<Subgraph>): Document {
  if (sheet === null) return { ...document, ...next };
  const before = sheetAt(document, sheet);
  if (!before) return document;
  return { ...document, subgraphs: { ...document.subgraphs, [sheet]: { ...(before as Subgraph), ...next } } };
}

/** A node of the sheet. Ids may be any text, so that names like "constructor" must not find what every object has. */
export function nodeAt(sheet: Pick<Sheet, "nodes">, id: string): GraphNode | undefined {
  return Object.hasOwn(sheet.nodes, id) ? sheet.nodes[id] : undefined;
}

/** Where a node stands; the origin if nobody has placed it. */
export function positionOf(node: GraphNode): Point {
  return node._meta?.position ?? [0, 0];
}

/** The name by which a node is called in the graph that runs: the ids of the instances around it, then its own. */
export function flatId(instances: readonly string[], id: string): string {
  return [...instances, id].join(":");
}

/** An id that no node of the sheet has: the smallest free number. */
export function freeId(
  nodes: Readonly<Record<string, unknown>>,
  taken: ReadonlySet<string> = new Set(),
): string {
  let number = Object.keys(nodes).length + 1;
  while (String(number) in nodes || taken.has(String(number))) number += 1;
  return String(number);
}
