/** The words of the canvas: what a scene is made of (`scene.ts` makes it). */

import type {
  Bounds,
  Document,
  GraphNode,
  Group,
  Link,
  Note,
  Sheet,
  SheetId,
  Subgraph,
} from "../graph/document";
import type { InputSpec, NodeSpec, OutputSpec, Port, Specs } from "../graph/specs";
import type { Shape } from "./shape";

export interface NodeContent {
  readonly kind: "node" | "reroute";
  readonly id: string;
  /** What the node is called in the graph that runs. */
  readonly flat: string;
  readonly node: GraphNode;
  /** Undefined for a kind that nobody knows. */
  readonly spec: NodeSpec | undefined;
  /** The subgraph that it is an instance of. */
  readonly subgraph: string | null;
  readonly title: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly shape: Shape;
  /** Whether there is something to show below the fields. */
  readonly pictured: boolean;
  /** What flows through a reroute. */
  readonly through: Port | null;
}

export interface GroupContent {
  readonly kind: "group";
  readonly id: string;
  readonly group: Group;
}

export interface NoteContent {
  readonly kind: "note";
  readonly id: string;
  readonly note: Note;
}

/** Where links come into a subgraph, or leave it. */
export interface BoundaryContent {
  readonly kind: "inputs" | "outputs";
  readonly id: string;
  readonly subgraph: Subgraph;
  readonly sheetId: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  readonly shape: Shape;
}

export type Content = NodeContent | GroupContent | NoteContent | BoundaryContent;

export interface Item {
  readonly id: string;
  readonly box: Bounds;
  readonly content: Content;
}

/** A link as it is drawn. */
export interface Wire {
  /** Its end's node and input: a link has one end. */
  readonly key: string;
  readonly from: Link;
  readonly node: string;
  readonly input: string;
  readonly port: Port;
}

export interface Scene {
  readonly source: Source;
  readonly sheet: Sheet;
  readonly items: ReadonlyMap<string, Item>;
  /** The places of the items; the same object for as long as nothing moves. */
  readonly boxes: ReadonlyMap<string, Bounds>;
  readonly wires: readonly Wire[];
}

export interface Source {
  readonly document: Document;
  readonly sheetId: SheetId;
  readonly specs: Specs;
  /** The instances that were entered. */
  readonly instances: readonly string[];
  /** Flat ids of the nodes that have something to show. */
  readonly pictured: ReadonlySet<string>;
}
