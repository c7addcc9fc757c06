/** Double clicks, middle clicks and menus of the canvas. */

import type { Point } from "../../graph/document";
import { addReroute } from "../../graph/splice";
import { currentCamera, useCanvas, type MenuSubject } from "../../state/canvas";
import { activeTab, editSheet, select } from "../../state/tabs";
import { currentScene } from "../current";
import type { Wire } from "../model";
import { enter } from "../sheets";
import { wiresByKey } from "../wires";
import { itemUnder, wireUnder } from "./under";
import { socketFor } from "./wire";

const TYPED = "input, textarea, select, button, a, [contenteditable], [role=menu], [role=dialog]";
const FAR_REACH = 8;

/** A double click: renames a title, goes into a subgraph, or so near to a node that it has its fields, puts a reroute on a link, or looks for a node to add. */
export function doubleClick(event: MouseEvent): void {
  const target = onCanvas(event);
  const at = pointOf(event);
  if (!target || !at || target.closest(TYPED)) return;
  const titled = target.closest<HTMLElement>("[data-rename]")?.dataset["rename"];
  const wire = wireAt(target, at);
  const item = itemHere(target, at);
  event.preventDefault();
  if (titled !== undefined) useCanvas.setState({ renaming: titled });
  else if (wire) reroute(wire, at);
  else if (item?.content.kind === "node" && item.content.subgraph !== null)
    enter(item.id, item.content.subgraph);
  else if (item?.content.kind === "node" && useCanvas.getState().detail !== "full")
    currentCamera()?.fit([item.id]);
  else if (!item) useCanvas.setState({ adding: { at, page: [event.clientX, event.clientY], end: null } });
}

/** A click with the middle button on a link puts a reroute on it. */
export function middleClick(event: MouseEvent): void {
  const target = onCanvas(event);
  const at = pointOf(event);
  if (event.button !== 1 || !target || !at) return;
  const wire = wireAt(target, at);
  if (wire) reroute(wire, at);
}

/** The menu of what lies under the pointer. */
export function openMenu(event: MouseEvent): void {
  const target = onCanvas(event);
  const at = pointOf(event);
  if (!target || !at || target.closest("input, textarea, [role=menu], [role=dialog]")) return;
  event.preventDefault();
  if (event.ctrlKey) return; // the right button with Control cuts links
  const page: Point = [event.clientX, event.clientY];
  useCanvas.setState({ menu: { subject: subjectOf(target, at), page } });
}

function subjectOf(target: Element, at: Point): MenuSubject {
  const socket = socketFor(target, at);
  if (socket) return { kind: "socket", ...socket };
  const wire = wireAt(target, at);
  if (wire) return { kind: "link", end: { node: wire.node, input: wire.input }, at };
  const item = itemHere(target, at);
  if (!item) return { kind: "canvas", at };
  if (!activeTab().selection.has(item.id)) select([item.id]);
  const { kind } = item.content;
  if (kind === "inputs" || kind === "outputs") return { kind: "canvas", at };
  return { kind: kind === "reroute" ? "node" : kind, id: item.id };
}

/** Put a reroute on a link. */
export function reroute(wire: Pick<Wire, "node" | "input">, at: Point): void {
  const [x, y] = [Math.round(at[0] - 16), Math.round(at[1] - 10)];
  const { sheet, id } = addReroute(currentScene().sheet, { node: wire.node, input: wire.input }, [x, y]);
  if (id === null) return;
  editSheet("Reroute", () => sheet);
  select([id]);
}

function onCanvas({ target }: MouseEvent): Element | null {
  return target instanceof Element && target.closest(".react-flow") ? target : null;
}

function pointOf(event: MouseEvent): Point | null {
  return currentCamera()?.toSheet([event.clientX, event.clientY]) ?? null;
}

function itemHere(target: Element, at: Point) {
  const scene = currentScene();
  if (useCanvas.getState().detail === "far") return itemUnder(scene, at);
  const id = target.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
  return id === undefined ? null : (scene.items.get(id) ?? null);
}

function wireAt(target: Element, at: Point): Wire | null {
  const scene = currentScene();
  if (useCanvas.getState().detail === "far") {
    const zoom = currentCamera()?.looking().zoom ?? 1;
    return itemUnder(scene, at) ? null : wireUnder(scene, at, FAR_REACH / zoom);
  }
  const key = target.closest<SVGElement>(".link")?.dataset["link"];
  return key === undefined ? null : (wiresByKey(scene).get(key) ?? null);
}
