/** A press of a pointer on the canvas: which gesture it begins. */

import type { Point } from "../../graph/document";
import { currentCamera, useCanvas } from "../../state/canvas";
import { useChrome } from "../../state/chrome";
import { currentScene } from "../current";
import { adds, afterClick, chooseByBox } from "./choose";
import { dragItems } from "./drag";
import { resizeItem } from "./resize";
import { cutByStroke } from "./stroke";
import { dragLink, dropLinks, socketFor } from "./wire";
import { itemUnder } from "./under";
import { activeTab, select } from "../../state/tabs";

const LEFT = 0;
const RIGHT = 2;
const OWN =
  "input, textarea, select, button, a, summary, [role=slider], [role=combobox], [contenteditable], .nodrag";

/** Whether the key that makes a drag cut links is held. */
let cutting = false;

/** Note that the key that cuts is pressed or released. */
export function setCutting(held: boolean): void {
  cutting = held;
}

/** Begin whatever gesture this press is. */
export function press(event: PointerEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const from = currentCamera()?.toSheet([event.clientX, event.clientY]);
  if (!target || !from || !target.closest(".react-flow")) return;
  const cuts = (event.button === RIGHT && event.ctrlKey) || (event.button === LEFT && cutting);
  if (cuts) {
    hold(event);
    cutByStroke(event, from);
    return;
  }
  if (event.button !== LEFT) return;
  const socket = socketFor(target, from);
  if (socket) {
    hold(event);
    if (event.ctrlKey && event.altKey) dropLinks(socket);
    else dragLink(event, socket, from);
    return;
  }
  const corner = target.closest<HTMLElement>("[data-resize]")?.dataset["resize"];
  if (corner !== undefined) {
    hold(event);
    resizeItem(event, corner, from);
    return;
  }
  pressThing(event, target, from);
}

/** A node that is pressed does not take the focus: arrows shall move it then. Tab and the arrows after it go among sockets. */
export function keepFocusOff(event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  if (event.button === LEFT && target?.closest(".react-flow__node") && !target.closest(OWN))
    event.preventDefault();
}

function pressThing(event: PointerEvent, target: Element, from: Point): void {
  const far = useCanvas.getState().detail === "far";
  const id = far
    ? itemUnder(currentScene(), from)?.id
    : target.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
  if (id !== undefined) {
    const chosen = activeTab().selection;
    if (target.closest(OWN)) {
      if (!chosen.has(id)) select(afterClick(chosen, id, adds(event)));
      return;
    }
    rest();
    dragItems(event, id, from);
    return;
  }
  if (target.closest(".link")) return;
  if (event.pointerType === "touch") return; // one finger moves the view
  rest();
  const pans = useChrome.getState().choices.drag === "pan" && !adds(event);
  if (!pans) chooseByBox(event, from);
  else if (activeTab().selection.size > 0 && !adds(event)) clearOnClick(event);
}

function clearOnClick(event: PointerEvent): void {
  const up = (released: PointerEvent) => {
    window.removeEventListener("pointerup", up, true);
    if (Math.hypot(released.clientX - event.clientX, released.clientY - event.clientY) < 4) select([]);
  };
  window.addEventListener("pointerup", up, true);
}

// The press is ours alone: neither the view nor a text takes it.
function hold(event: PointerEvent): void {
  event.stopPropagation();
}

// What is typed elsewhere is done with once the canvas is used.
function rest(): void {
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}
