/** Dragging links: from a socket to another, to a node, to empty space; or off the input at which one ends. */

import { connect, disconnect, linkAt } from "../../graph/connect";
import type { Point, Sheet } from "../../graph/document";
import { cut } from "../../graph/splice";
import { exposeInput, exposeOutput } from "../../graph/subgraphs";
import { currentCamera, useCanvas, type LooseEnd, type WireTarget } from "../../state/canvas";
import { edit, editSheet } from "../../state/tabs";
import { currentScene } from "../current";
import { fittingSockets, linkBetween, targetAt, targetOn } from "../ends";
import type { Item, Scene } from "../model";
import { wiresAt } from "../wires";
import { itemUnder, socketUnder, type SocketName } from "./under";
import { track } from "./track";

/** Drag a link from a socket. At an input that has one, it is that link which is taken. */
export function dragLink(start: PointerEvent, socket: SocketName, from: Point): void {
  const scene = currentScene();
  const here = endAt(socket);
  const before = "to" in here ? linkAt(scene.sheet, here.to) : undefined;
  const end: LooseEnd = before ? { from: before } : here;
  const taken = before && "to" in here ? here.to : null;
  const fitting = fittingSockets(scene, end);
  track(start, {
    pans: true,
    begin: () => {
      useCanvas.setState({ wiring: { end, taken, pointer: from, fitting, target: null } });
    },
    move: (at, event) => {
      const target = targetUnder(scene, end, fitting, event);
      useCanvas.setState({ wiring: { end, taken, pointer: at, fitting, target } });
    },
    end: (at, event) => {
      const target = targetUnder(scene, end, fitting, event);
      useCanvas.setState({ wiring: null });
      release({ end, taken, target, at, page: [event.clientX, event.clientY] });
    },
    cancel: () => {
      useCanvas.setState({ wiring: null });
    },
    click: () => {
      if (start.target instanceof HTMLElement) start.target.focus();
    },
  });
}

interface Released {
  readonly end: LooseEnd;
  readonly taken: { readonly node: string; readonly input: string } | null;
  readonly target: WireTarget | null;
  readonly at: Point;
  readonly page: Point;
}

function release({ end, taken, target, at, page }: Released): void {
  const link = target ? linkBetween(end, target.end) : null;
  if (target && link && target.refusal === null) {
    editSheet(taken ? "Move link" : "Link", (sheet) => {
      const same = taken?.node === link.to.node && taken.input === link.to.input;
      if (same) return sheet;
      return connect(taken ? cut(sheet, [taken]) : sheet, link.from, link.to);
    });
    return;
  }
  if (target && link && target.bridges.length > 0) {
    const subject = { kind: "bridges", from: link.from, to: link.to, bridges: target.bridges } as const;
    useCanvas.setState({ menu: { subject, page } });
    return;
  }
  if (target) return;
  const item = itemUnder(currentScene(), at);
  if (item && expose(item, end)) return;
  if (item && item.content.kind !== "group") return; // nothing of it fits: all stays as it was
  if (taken) editSheet("Drop link", (sheet) => disconnectAt(sheet, taken));
  else useCanvas.setState({ adding: { at, page, end } });
}

// A link that is let go on an end of the subgraph makes a new port there.
function expose({ content }: Item, end: LooseEnd): boolean {
  if (content.kind === "inputs" && "to" in end) {
    edit("Expose input", (document) => exposeInput(document, content.sheetId, end.to));
    return true;
  }
  if (content.kind === "outputs" && "from" in end) {
    edit("Expose output", (document) => exposeOutput(document, content.sheetId, end.from));
    return true;
  }
  return content.kind === "inputs" || content.kind === "outputs";
}

/** Take all links off a socket. */
export function dropLinks({ side, node, name }: SocketName): void {
  const scene = currentScene();
  const ends = wiresAt(scene, node).filter((wire) =>
    side === "in"
      ? wire.node === node && wire.input === name
      : wire.from[0] === node && wire.from[1] === name,
  );
  if (ends.length === 0) return;
  editSheet(ends.length === 1 ? "Drop link" : `Drop ${ends.length} links`, (sheet) => cut(sheet, ends));
}

const SOCKET = 9; // on the sheet: half of what a socket's element takes
const FAR_LEAST = 0.4; // farther away no socket is drawn

/** The socket that is pressed: as an element of the page, or, where nodes are only drawn, at a point of the sheet. */
export function socketFor(element: Element | null, at: Point): SocketName | null {
  const found = socketOf(element);
  if (found || useCanvas.getState().detail !== "far") return found;
  const zoom = currentCamera()?.looking().zoom ?? 0;
  return zoom < FAR_LEAST ? null : socketUnder(currentScene(), at, SOCKET);
}

/** The loose end that a socket stands for. */
export function endAt({ side, node, name }: SocketName): LooseEnd {
  return side === "out" ? { from: [node, name] } : { to: { node, input: name } };
}

/** The socket under an element of the page. */
export function socketOf(element: Element | null): SocketName | null {
  const found = element?.closest<HTMLElement>("[data-socket]");
  const { socket, node, name } = found?.dataset ?? {};
  return (socket === "in" || socket === "out") && node !== undefined && name !== undefined
    ? { side: socket, node, name }
    : null;
}

function disconnectAt(sheet: Sheet, end: { readonly node: string; readonly input: string }): Sheet {
  return end.node in sheet.nodes ? disconnect(sheet, end) : cut(sheet, [end]);
}

function targetUnder(
  scene: Scene,
  end: LooseEnd,
  fitting: ReadonlySet<string>,
  event: PointerEvent,
): WireTarget | null {
  const element = document.elementFromPoint(event.clientX, event.clientY);
  const point = currentCamera()?.toSheet([event.clientX, event.clientY]);
  const socket = point ? socketFor(element, point) : socketOf(element);
  if (socket) {
    const found = targetAt(scene, end, endAt(socket));
    if (found) return found;
  }
  const item = point && itemUnder(scene, point);
  if (item?.content.kind === "inputs" || item?.content.kind === "outputs") return null; // there it becomes a new port
  return item ? targetOn(end, item, fitting) : null;
}
