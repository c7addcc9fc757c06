/** Kinds of nodes that nobody should be led to. */

import type { NodeSpec } from "./specs";

/** 0 for most kinds; 1 for one that is an experiment, 2 for one that is to vanish. */
export function oddness(spec: NodeSpec): number {
  if (spec.deprecated) return 2;
  return spec.experimental || spec.category.startsWith("_") ? 1 : 0;
}
