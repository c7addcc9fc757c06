/** How well a few typed letters fit a text, and which of its letters they are. */

/** A stretch of a text: from the first letter to before the last. */
export type Range = readonly [start: number, end: number];

export interface Fit {
  /** More is better; between 0 and 100. */
  readonly score: number;
  readonly ranges: readonly Range[];
}

/** How the letters fit the text, best way first: whole, at its start, at a word's start, inside, in order; null if not at all. */
export function fuzzy(text: string, letters: string): Fit | null {
  const whole = text.toLowerCase();
  const wanted = letters.toLowerCase();
  if (wanted === "") return { score: 0, ranges: [] };
  const short = Math.min(9, wanted.length / Math.max(1, whole.length / 10));
  const at = placeOf(text, whole, wanted);
  if (at >= 0) {
    const base = whole === wanted ? 90 : at === 0 ? 75 : startsWord(text, at) ? 60 : 40;
    return { score: base + short, ranges: [[at, at + wanted.length]] };
  }
  const initials = inOrder(text, whole, wanted, true);
  if (initials) return { score: 30 + short, ranges: initials };
  const scattered = wanted.length > 2 ? inOrder(text, whole, wanted, false) : null;
  return scattered && { score: Math.max(1, 15 - scattered.length * 2) + short / 10, ranges: scattered };
}

// Where the letters stand together, at the start of a word if they do anywhere.
function placeOf(text: string, whole: string, wanted: string): number {
  const first = whole.indexOf(wanted);
  for (let at = first; at >= 0; at = whole.indexOf(wanted, at + 1)) if (startsWord(text, at)) return at;
  return first;
}

// The letters in their order; each that does not follow the one before stands at the start of a word, if `atWords`.
function inOrder(text: string, whole: string, wanted: string, atWords: boolean): readonly Range[] | null {
  const ranges: [number, number][] = [];
  let from = 0;
  for (const letter of wanted) {
    const last = ranges.at(-1);
    if (last?.[1] === from && whole[from] === letter) {
      last[1] = from += 1;
      continue;
    }
    let at = whole.indexOf(letter, from);
    while (atWords && at >= 0 && !startsWord(text, at)) at = whole.indexOf(letter, at + 1);
    if (at < 0) return null;
    from = at + 1;
    ranges.push([at, from]);
  }
  return ranges;
}

// "VAEDecode" has the words VAE and Decode, "Load image (as mask)" four.
function startsWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const [before, here, after] = [text[at - 1] ?? "", text[at] ?? "", text[at + 1] ?? ""];
  if (!/[\p{L}\p{N}]/u.test(before)) return true;
  return /\p{Lu}/u.test(here) && (!/\p{Lu}/u.test(before) || /\p{Ll}/u.test(after));
}
