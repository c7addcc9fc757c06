/** Items of a scene as React Flow takes them. It shows what it is given: which items those are is decided in `sight.ts`. */

import type { Node } from "@xyflow/react";

import type { Item } from "./model";
import { stateId } from "./NodeState";

const LAYERS = { group: -10, note: 2, reroute: 4, node: 3, inputs: 3, outputs: 3 } as const;

const MADE = new WeakMap<Item, Node>();

/** The item as a node of React Flow: the same one for as long as the item is the same. */
export function flowNodeOf(item: Item): Node {
  const before = MADE.get(item);
  if (before) return before;
  const [x, y, width, height] = item.box;
  const { content } = item;
  const made: Node = {
    id: item.id,
    type: content.kind,
    position: { x, y },
    width,
    height,
    measured: { width, height },
    handles: [],
    data: { content },
    zIndex: LAYERS[content.kind],
    className: "nopan",
    style: { pointerEvents: content.kind === "group" ? "none" : "all" },
    ariaLabel: labelOf(item),
    domAttributes: { "aria-describedby": stateId(item.id) },
  };
  MADE.set(item, made);
  return made;
}

function labelOf({ content }: Item): string {
  switch (content.kind) {
    case "node": {
      const kind = content.spec?.title ?? content.node.class_type;
      return kind === content.title ? `Node ${kind}` : `Node ${content.title}, ${kind}`;
    }
    case "reroute":
      return "Reroute";
    case "group":
      return `Group ${content.group.title}`;
    case "note":
      return `Note: ${content.note.text.slice(0, 80)}`;
    case "inputs":
      return "Inputs of the subgraph";
    case "outputs":
      return "Outputs of the subgraph";
  }
}
