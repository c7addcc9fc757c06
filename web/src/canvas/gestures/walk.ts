/** The keyboard on the canvas: Tab goes from node to node, arrows go among a node's sockets, Enter begins a link. */

import { useCanvas } from "../../state/canvas";
import { activeTab, select } from "../../state/tabs";
import { afterClick, adds } from "./choose";
import { endAt, socketOf } from "./wire";

/** A key pressed on a node or one of its sockets. */
export function walk(event: KeyboardEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const node = target?.closest<HTMLElement>(".react-flow__node");
  if (!target || !node || event.altKey) return;
  if (target === node) onNode(event, node);
  else if (target.matches("[data-socket]")) onSocket(event, node, target);
}

function onNode(event: KeyboardEvent, node: HTMLElement): void {
  const id = node.dataset["id"] ?? "";
  const sockets = socketsIn(node);
  switch (event.key) {
    case "Enter":
    case " ":
      select(afterClick(activeTab().selection, id, adds(event)));
      break;
    case "ArrowLeft":
      sockets.in[0]?.focus();
      break;
    case "ArrowRight":
      sockets.out[0]?.focus();
      break;
    case "ArrowDown":
      (sockets.in[0] ?? sockets.out[0])?.focus();
      break;
    case "ArrowUp":
      (sockets.out.at(-1) ?? sockets.in.at(-1))?.focus();
      break;
    default:
      return;
  }
  if (event.key.startsWith("Arrow") && (event.shiftKey || event.ctrlKey || event.metaKey)) return;
  done(event);
}

function onSocket(event: KeyboardEvent, node: HTMLElement, socket: HTMLElement): void {
  const name = socketOf(socket);
  if (!name) return;
  const sockets = socketsIn(node);
  const column = sockets[name.side];
  const place = column.indexOf(socket);
  switch (event.key) {
    case "Enter":
    case " ": {
      const box = socket.getBoundingClientRect();
      useCanvas.setState({ linking: { end: endAt(name), page: [box.right, box.bottom] } });
      break;
    }
    case "ArrowDown":
      column[Math.min(place + 1, column.length - 1)]?.focus();
      break;
    case "ArrowUp":
      column[Math.max(place - 1, 0)]?.focus();
      break;
    case "ArrowLeft":
      if (name.side === "out") sockets.in[Math.min(place, sockets.in.length - 1)]?.focus();
      break;
    case "ArrowRight":
      if (name.side === "in") sockets.out[Math.min(place, sockets.out.length - 1)]?.focus();
      break;
    case "Escape":
      node.focus();
      break;
    default:
      return;
  }
  done(event);
}

function socketsIn(node: HTMLElement): {
  readonly in: readonly HTMLElement[];
  readonly out: readonly HTMLElement[];
} {
  const all = [...node.querySelectorAll<HTMLElement>("[data-socket]")];
  return {
    in: all.filter((socket) => socket.dataset["socket"] === "in"),
    out: all.filter((socket) => socket.dataset["socket"] === "out"),
  };
}

function done(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}
