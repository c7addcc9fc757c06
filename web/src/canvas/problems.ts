/** Problems by the nodes that they are on. There may be thousands of both, and each node asks again and again. */

import type { Problem } from "../state/server";

const NONE: readonly Problem[] = [];
const KNOWN = new WeakMap<readonly Problem[], ReadonlyMap<string, readonly Problem[]>>();

/** The problems by flat id; the same map for as long as the problems are the same list. */
export function problemsByNode(problems: readonly Problem[]): ReadonlyMap<string, readonly Problem[]> {
  const known = KNOWN.get(problems);
  if (known) return known;
  const found = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (problem.node === null) continue;
    const those = found.get(problem.node);
    if (those) those.push(problem);
    else found.set(problem.node, [problem]);
  }
  KNOWN.set(problems, found);
  return found;
}

/** Those that are on one node. */
export function problemsOf(problems: readonly Problem[], flat: string): readonly Problem[] {
  return problemsByNode(problems).get(flat) ?? NONE;
}
