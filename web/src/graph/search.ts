/** Finding a kind of node by what people remember of it. */

import { fuzzy, type Range } from "./fuzzy";
import { oddness } from "./oddness";
import type { NodeSpec, Specs } from "./specs";

export interface Found {
  readonly spec: NodeSpec;
  readonly score: number;
  /** Which letters of the title were meant. */
  readonly matched: readonly Range[];
}

/** The kinds that fit a query, the best first; with no query all of them, in their order. `among`: only these ids. */
export function search(specs: Specs, query: string, among?: readonly string[]): readonly Found[] {
  const kinds = among ? among.flatMap((id) => specs.get(id) ?? []) : [...specs.values()];
  const words = query.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return kinds.map((spec) => ({ spec, score: 0, matched: [] }));
  const found = kinds.flatMap((spec) => fitOf(spec, words) ?? []);
  return found.sort((a, b) => b.score - a.score || a.spec.title.length - b.spec.title.length);
}

// Every word has to be found somewhere; where it is found says how much it counts.
function fitOf(spec: NodeSpec, words: readonly string[]): Found | null {
  const matched: Range[] = [];
  let score = 0;
  for (const word of words) {
    const title = fuzzy(spec.title, word);
    const others = [
      fuzzy(spec.id, word)?.score ?? 0,
      ...(spec.aliases ?? []).map((one) => fuzzy(one, word)?.score ?? 0),
    ];
    const category = spec.category.toLowerCase().includes(word.toLowerCase()) ? 12 : 0;
    const best = Math.max(title?.score ?? 0, ...others.map((one) => one * 0.95), category);
    if (best === 0) return null;
    score += best;
    if (title && title.score > 15) matched.push(...title.ranges);
  }
  // All of it as one stands for more than each word for itself: "no noise" is not "noise, and something with no".
  const whole = fuzzy(spec.title, words.join(" "))?.score ?? 0;
  const own = Math.max(score / words.length, whole);
  return { spec, score: own - 10 * oddness(spec), matched: joined(matched) };
}

function joined(ranges: readonly Range[]): readonly Range[] {
  const all: [number, number][] = [];
  for (const [start, end] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = all.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}
