/** What becomes of seeds once a run was queued. */

import {
  isLink,
  withSheet,
  type Document,
  type GraphNode,
  type InputValue,
  type SeedControl,
} from "./document";
import { sheetsOf } from "./uses";

// Larger whole numbers are not exact in JavaScript, and a seed that changes on its way is another picture.
const LARGEST = Number.MAX_SAFE_INTEGER;

/** The document after a run of it was queued: each seed as its control says. The same document if none changes. */
export function afterQueued(document: Document, random: () => number): Document {
  let next = document;
  for (const [id, sheet] of sheetsOf(document)) {
    const changed = Object.entries(sheet.nodes).flatMap(([own, node]) => {
      const after = controlled(node, random);
      return after === node ? [] : [[own, after] as const];
    });
    if (changed.length)
      next = withSheet(next, id, { nodes: { ...sheet.nodes, ...Object.fromEntries(changed) } });
  }
  return next;
}

function controlled(node: GraphNode, random: () => number): GraphNode {
  const inputs: Record<string, InputValue> = {};
  for (const [name, control] of Object.entries(node._meta?.control ?? {})) {
    const before = node.inputs[name];
    if (control === "fixed" || isLink(before)) continue;
    const after = seedAfter(control, typeof before === "number" ? before : 0, random);
    if (after !== before) inputs[name] = after;
  }
  return Object.keys(inputs).length ? { ...node, inputs: { ...node.inputs, ...inputs } } : node;
}

function seedAfter(control: SeedControl, before: number, random: () => number): number {
  switch (control) {
    case "fixed":
      return before;
    case "increment":
      return before >= LARGEST ? 0 : before + 1;
    case "decrement":
      return before <= 0 ? LARGEST : before - 1;
    case "randomize":
      return Math.floor(random() * LARGEST);
  }
}
