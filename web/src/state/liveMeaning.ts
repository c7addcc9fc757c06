/** Whether an edit can change what a run does: moving, naming and colouring cannot. */

import type { Document, GraphNode, Sheet } from "../graph/document";

/** Whether two documents run alike, as far as one can see without looking into values that are not the same object. */
export function runAlike(before: Document, after: Document): boolean {
  if (before === after) return true;
  const old = before.subgraphs ?? {};
  const now = after.subgraphs ?? {};
  const ids = Object.keys(now);
  return (
    sameNodes(before, after) &&
    ids.length === Object.keys(old).length &&
    ids.every((id) => {
      const [one, other] = [old[id], now[id]];
      if (one === other) return true;
      if (!one || !other) return false;
      return one.inputs === other.inputs && one.outputs === other.outputs && sameNodes(one, other);
    })
  );
}

function sameNodes(before: Sheet, after: Sheet): boolean {
  if (before.nodes === after.nodes) return true;
  const ids = Object.keys(after.nodes);
  return (
    ids.length === Object.keys(before.nodes).length &&
    ids.every((id) => sameNode(before.nodes[id], after.nodes[id]))
  );
}

function sameNode(before: GraphNode | undefined, after: GraphNode | undefined): boolean {
  if (before === after) return true;
  return (
    before?.class_type === after?.class_type &&
    before?.inputs === after?.inputs &&
    before?._meta?.mode === after?._meta?.mode
  );
}
