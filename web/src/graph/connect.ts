/** Links: which are allowed and why others are not, and what to put between where types differ. */

import { bridgesOver } from "./bridges";
import { circleBy, linked } from "./circles";
import {
  FROM_OUTSIDE,
  isLink,
  nodeAt,
  sheetAt,
  TO_OUTSIDE,
  type Document,
  type End,
  type Link,
  type Sheet,
  type SheetId,
  type Subgraph,
} from "./document";
import { setInput } from "./edit";
import { givenBy, inputAt, wantedBy } from "./flow";
import { fits, portText } from "./ports";
import { outputsOf } from "./reads";
import { specOf, type Specs } from "./specs";
import { titleOf } from "./titles";

export { bridges, withBridge, type Bridge } from "./bridges";
export { candidates } from "./candidates";

/** Why a link is not allowed, in a sentence; null if it is. */
export function refusal(
  document: Document,
  specs: Specs,
  sheet: SheetId,
  from: Link,
  to: End,
): string | null {
  const on = sheetAt(document, sheet);
  if (!on) return "This subgraph is not there any more";
  if (sameLink(linkAt(on, to), from)) return "This link is there already";
  const missing = missingEnd(document, specs, sheet, from, to);
  if (missing) return missing;
  const circle = circleBy(document, sheet, from, to);
  if (circle) return `It would close a circle: ${circleText(document, specs, circle)}`;
  const given = givenBy(document, specs, sheet, from);
  const misfit = wantedBy(document, specs, sheet, to).find((port) => !fits(given, port));
  if (!misfit) return null;
  const bridge = bridgesOver(document, specs, sheet, given, [misfit])[0];
  const hint = bridge ? `: put '${bridge.title}' between` : "";
  return `${portText(given)} does not fit into ${portText(misfit)}${hint}`;
}

/** The sheet with a link, in place of whatever the input had. */
export function connect<S extends Sheet>(sheet: S, from: Link, to: End): S {
  return linked(sheet, from, to);
}

/** The sheet without the link to that input; a value of its own stays. */
export function disconnect<S extends Sheet>(sheet: S, to: End): S {
  return isLink(nodeAt(sheet, to.node)?.inputs[to.input])
    ? setInput(sheet, to.node, to.input, undefined)
    : sheet;
}

/** The link that ends there, if one does. */
export function linkAt(sheet: Sheet, to: End): Link | undefined {
  if (to.node === TO_OUTSIDE) return outputsOf(sheet).find((one) => one.name === to.input)?.from;
  const value = nodeAt(sheet, to.node)?.inputs[to.input];
  return isLink(value) ? value : undefined;
}

function sameLink(one: Link | undefined, other: Link): boolean {
  return one?.[0] === other[0] && one[1] === other[1];
}

// What is not known, such as a kind that the server does not have, is left for the server to judge.
function missingEnd(document: Document, specs: Specs, sheet: SheetId, from: Link, to: End): string | null {
  const on = sheetAt(document, sheet);
  if (!on) return null;
  const names = sheet === null ? { inputs: [], outputs: [] } : (on as Subgraph);
  if (from[0] === FROM_OUTSIDE || to.node === TO_OUTSIDE) {
    const known =
      (from[0] !== FROM_OUTSIDE || names.inputs.some((one) => one.name === from[1])) &&
      (to.node !== TO_OUTSIDE || names.outputs.some((one) => one.name === to.input));
    if (!known) return "The subgraph has no such port";
  }
  const source = nodeAt(on, from[0]);
  const target = nodeAt(on, to.node);
  if (!source && from[0] !== FROM_OUTSIDE) return `There is no node ${from[0]}`;
  if (!target && to.node !== TO_OUTSIDE) return `There is no node ${to.node}`;
  const gives = source && specOf(document, specs, source.class_type);
  if (source && gives && !gives.outputs.some((one) => one.name === from[1]))
    return `${titleOf(document, specs, source)} has no output '${from[1]}'`;
  const takes = target && specOf(document, specs, target.class_type);
  if (target && takes && !takes.open_ended && !inputAt(document, specs, sheet, to))
    return `${titleOf(document, specs, target)} has no input '${to.input}'`;
  return null;
}

const MOST_IN_CIRCLE = 6;

function circleText(
  document: Document,
  specs: Specs,
  circle: { readonly sheet: SheetId; readonly ids: readonly string[] },
): string {
  const on = sheetAt(document, circle.sheet);
  const titles = [...circle.ids, circle.ids[0] ?? ""].map((id) => {
    const node = on && nodeAt(on, id);
    return node ? titleOf(document, specs, node) : id;
  });
  const cut = titles.length > MOST_IN_CIRCLE + 1;
  return (cut ? [...titles.slice(0, MOST_IN_CIRCLE - 1), "…", ...titles.slice(-1)] : titles).join(" -> ");
}
