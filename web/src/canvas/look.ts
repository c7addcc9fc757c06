/** Looking into what a link or a socket carries, while the pointer rests on it. */

import type { PointerEvent } from "react";

import { flatId, FROM_OUTSIDE, type Link } from "../graph/document";
import { sourceOf } from "../graph/reads";
import { hoverPeek, type Spot } from "../run/overlay";
import { currentScene } from "./current";
import { wireKey, wiresByKey } from "./wires";

/** Show what comes from an output. Behind reroutes it comes from a node; what comes from around a subgraph cannot be told. */
export function lookInto(from: Link, spot: Spot): void {
  const { sheet, source } = currentScene();
  const [node, output] = sourceOf(sheet, from);
  if (node !== FROM_OUTSIDE) hoverPeek(flatId(source.instances, node), output, spot);
}

/** Show what a socket gives, or gets; nothing comes to one that is not linked. */
export function lookAtSocket(event: PointerEvent<HTMLElement>): void {
  const { socket, node, name } = event.currentTarget.dataset;
  if (event.pointerType === "touch" || event.buttons !== 0 || node === undefined || name === undefined)
    return;
  const from: Link | undefined =
    socket === "out" ? [node, name] : wiresByKey(currentScene()).get(wireKey(node, name))?.from;
  if (from) lookInto(from, { x: event.clientX + 14, y: event.clientY + 14 });
}
