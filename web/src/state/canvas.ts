/**
 * What the canvas is doing that is no part of the document: what is dragged, wired, hovered or searched for, and the ways in
 * which other parts of the editor turn its view. The document changes only when a gesture ends.
 */

import { create } from "zustand";

import type { Bridge } from "../graph/connect";
import type { Bounds, End, Link, Point } from "../graph/document";
import type { View } from "./tabs";

/** How much of each node is drawn: all, all but its fields, or only its outline. */
export type Detail = "full" | "plain" | "far";

/** One end of a link that is being made: what it brings, or where it shall end. */
export type LooseEnd = { readonly from: Link } | { readonly to: End };

/** What lies under the pointer while a link is dragged. */
export interface WireTarget {
  readonly end: LooseEnd;
  /** Whether it is the socket itself, or the node around it. */
  readonly exact: boolean;
  /** Why a link may not end here, and the nodes that would help. */
  readonly refusal: string | null;
  readonly bridges: readonly Bridge[];
}

export interface Wiring {
  readonly end: LooseEnd;
  /** The input whose link was taken off to be put elsewhere. */
  readonly taken: End | null;
  readonly pointer: Point;
  /** Names of the sockets that fit, as `socketKey` gives them. */
  readonly fitting: ReadonlySet<string>;
  readonly target: WireTarget | null;
}

/** The search for a node to add. */
export interface Adding {
  /** Where on the sheet the node shall lie, and where on the page the search opens. */
  readonly at: Point;
  readonly page: Point;
  /** What the new node shall be wired to. */
  readonly end: LooseEnd | null;
  /** The link that it shall be put into. */
  readonly into?: End;
}

export type MenuSubject =
  | { readonly kind: "canvas"; readonly at: Point }
  | { readonly kind: "node"; readonly id: string }
  | { readonly kind: "group"; readonly id: string }
  | { readonly kind: "note"; readonly id: string }
  | { readonly kind: "link"; readonly end: End; readonly at: Point }
  | { readonly kind: "socket"; readonly side: "in" | "out"; readonly node: string; readonly name: string }
  | { readonly kind: "bridges"; readonly from: Link; readonly to: End; readonly bridges: readonly Bridge[] };

export interface CanvasState {
  readonly detail: Detail;
  /** Where things are while they are dragged or resized. */
  readonly moving: ReadonlyMap<string, Bounds>;
  /** Lines to which what is dragged has snapped. */
  readonly guides: readonly Guide[];
  readonly wiring: Wiring | null;
  /** The link over which a node is dragged that would fit in, by its name. */
  readonly splice: string | null;
  /** The box that chooses, and the stroke that cuts, on the sheet. */
  readonly box: Bounds | null;
  readonly stroke: readonly Point[] | null;
  readonly adding: Adding | null;
  /** The socket from which a link is made by keyboard. */
  readonly linking: { readonly end: LooseEnd; readonly page: Point } | null;
  readonly menu: { readonly subject: MenuSubject; readonly page: Point } | null;
  /** The node, group or note whose title is being typed. */
  readonly renaming: string | null;
  /** The node that has the focus: it stays where it is out of sight. */
  readonly focused: string | null;
}

export interface Guide {
  readonly axis: "x" | "y";
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

export const RESTING: CanvasState = {
  detail: "full",
  moving: new Map(),
  guides: [],
  wiring: null,
  splice: null,
  box: null,
  stroke: null,
  adding: null,
  linking: null,
  menu: null,
  renaming: null,
  focused: null,
};

export const useCanvas = create<CanvasState>(() => RESTING);

/** The name of a socket. */
export function socketKey(side: "in" | "out", node: string, name: string): string {
  return `${side}\n${node}\n${name}`;
}

/** What the canvas that is shown can do for others. */
export interface Camera {
  readonly centreOn: (ids: readonly string[]) => void;
  readonly fit: (ids?: readonly string[]) => void;
  readonly zoomTo: (zoom: number) => void;
  readonly zoomBy: (factor: number) => void;
  readonly pan: (by: Point) => void;
  /** The point of the sheet in the middle of the view, or under the pointer if that is on the canvas. */
  readonly pointAtCentre: () => Point;
  readonly pointAtPointer: () => Point;
  /** Whether the pointer is on the canvas. */
  readonly pointed: () => boolean;
  readonly toPage: (point: Point) => Point;
  readonly toSheet: (point: Point) => Point;
  readonly sizesOf: () => ReadonlyMap<string, Point>;
  readonly visible: () => Bounds;
  readonly show: (view: View) => void;
  readonly looking: () => View & { readonly width: number; readonly height: number };
}

let camera: Camera | null = null;

/** Say which canvas is shown; gives the way to take it back. */
export function attachCamera(attached: Camera): () => void {
  camera = attached;
  return () => {
    if (camera === attached) camera = null;
  };
}

/** The canvas that is shown. */
export function currentCamera(): Camera | null {
  return camera;
}

/** Bring these nodes, groups or notes of the sheet that is shown into the middle of the view. */
export function centreOn(ids: Iterable<string>): void {
  const wanted = [...ids];
  // The sheet may have been changed in this very moment, and is drawn after it.
  requestAnimationFrame(() => camera?.centreOn(wanted));
}

/** Bring all of the sheet, or these parts of it, into view. */
export function fit(ids?: Iterable<string>): void {
  const wanted = ids && [...ids];
  requestAnimationFrame(() => camera?.fit(wanted));
}

/** The point of the sheet in the middle of the view. */
export function pointAtCentre(): Point {
  return camera?.pointAtCentre() ?? [0, 0];
}

/** Width and height of everything on the sheet that is shown, as it is laid out now. */
export function sizesOf(): ReadonlyMap<string, Point> {
  return camera?.sizesOf() ?? new Map();
}
