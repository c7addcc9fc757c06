/** Things found by a few letters of any of their texts. */

import { fuzzy } from "../graph/fuzzy";

/** The things that match, best first; all of them, in their order, where nothing was typed. An earlier text counts more. */
export function ranked<T>(
  things: readonly T[],
  typed: string,
  textsOf: (thing: T) => readonly string[],
): readonly T[] {
  const letters = typed.trim();
  if (letters === "") return things;
  return things
    .map((thing) => {
      const scores = textsOf(thing).map((text, at) => (fuzzy(text, letters)?.score ?? 0) - at / 10);
      return { thing, score: Math.max(...scores) };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ thing }) => thing);
}
