/** What a loose end of a link may be linked to. */

import { kindsFor } from "./add";
import type { Document, End, Link, SheetId } from "./document";
import { givenBy, wantedBy } from "./flow";
import { inputsOf } from "./growing";
import { oddness } from "./oddness";
import { fits, portText } from "./ports";
import type { InputSpec, NodeSpec, Port, Specs } from "./specs";

/** A kind of node that a loose end may be linked to, and the name of the port that fits. */
export interface Candidate {
  readonly spec: NodeSpec;
  readonly port: string;
}

/** The kinds of nodes that a loose end may be linked to: exact types first, then in the order of the kinds. */
export function candidates(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  end: { readonly from: Link } | { readonly to: End },
): readonly Candidate[] {
  const find = "from" in end ? inputFor(givenBy(document, specs, sheet, end.from)) : outputFor(end.to);
  const ranked: (Candidate & { readonly rank: number })[] = [];
  for (const spec of kindsFor(document, specs, sheet).values()) {
    const found = find(spec);
    if (found) ranked.push({ spec, ...found });
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ spec, port }) => ({ spec, port }));

  function outputFor(to: End) {
    const wanted = wantedBy(document, specs, sheet, to);
    return (spec: NodeSpec) =>
      best(spec, spec.outputs, (port) =>
        wanted.every((one) => fits(port, one)) ? rankOf(port, wanted) : null,
      );
  }
}

interface Ported {
  readonly name: string;
  readonly port: Port;
}

function inputFor(given: Port) {
  return (spec: NodeSpec) => {
    const wireable = inputsOf(spec, {});
    const rank = (port: Port, input: InputSpec) =>
      fits(given, port) ? rankOf(port, [given]) + (input.widget ? 1 : 0) + (input.required ? 0 : 0.5) : null;
    return best(spec, wireable, rank);
  };
}

function best<P extends Ported>(
  spec: NodeSpec,
  ports: readonly P[],
  rank: (port: Port, of: P) => number | null,
): { readonly port: string; readonly rank: number } | null {
  let found: { port: string; rank: number } | null = null;
  for (const one of ports) {
    const plain = rank(one.port, one);
    if (plain !== null && plain < (found?.rank ?? Infinity)) found = { port: one.name, rank: plain };
  }
  return found && { ...found, rank: found.rank + 100 * oddness(spec) };
}

// 0 for a type that is the same, more for one that merely fits.
function rankOf(port: Port, others: readonly Port[]): number {
  if (port.kind === "anything") return 4;
  return others.some((one) => portText(one) === portText(port)) ? 0 : 2;
}
