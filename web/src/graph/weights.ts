/** Weights of words in a prompt, as ComfyUI writes them: "(word:1.1)"; plain brackets weigh 1.1. */

/** A text and what is selected in it. */
export interface Selected {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const BRACKETS = 1.1;
const LEAST = 0;
const MOST = 10;

/** The text with the weight of what is selected changed: of the selection, of the brackets around the caret, else of its word. */
export function changeWeight(text: string, start: number, end: number, by: number): Selected {
  const around = bracketsFor(text, start, end);
  if (around) {
    const { from, to } = around;
    const inner = text.slice(from + 1, to - 1);
    const weighed = /^([\s\S]*):\s*([-+]?\d*\.?\d+)\s*$/.exec(inner);
    return weighedAs(text, from, to, weighed?.[1] ?? inner, Number(weighed?.[2] ?? BRACKETS) + by);
  }
  const [from, to] = start === end ? wordAt(text, start) : trimmed(text, start, end);
  return from === to ? { text, start, end } : weighedAs(text, from, to, text.slice(from, to), 1 + by);
}

function weighedAs(text: string, from: number, to: number, inner: string, wanted: number): Selected {
  const weight = Math.round(Math.min(MOST, Math.max(LEAST, wanted)) * 100) / 100;
  const [before, after] = [text.slice(0, from), text.slice(to)];
  if (weight === 1) return { text: before + inner + after, start: from, end: from + inner.length };
  return { text: `${before}(${inner}:${weight})${after}`, start: from + 1, end: from + 1 + inner.length };
}

interface Brackets {
  readonly from: number;
  readonly to: number;
}

// The innermost brackets around the caret; with a selection, only those that hold just that, with or without themselves.
function bracketsFor(text: string, start: number, end: number): Brackets | null {
  let found: Brackets | null = null;
  const open: number[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "(") open.push(at);
    else if (text[at] === ")") {
      const from = open.pop();
      if (from === undefined) continue;
      const pair = { from, to: at + 1 };
      if (concerns(text, pair, start, end) && (!found || from > found.from)) found = pair;
    }
  }
  return found;
}

function concerns(text: string, { from, to }: Brackets, start: number, end: number): boolean {
  if (start === end) return from < start && start < to;
  if (start === from && end === to) return true;
  const inner = text.slice(from + 1, to - 1).replace(/:\s*[-+]?\d*\.?\d+\s*$/, "");
  return start === from + 1 && (end === from + 1 + inner.length || end === to - 1);
}

function wordAt(text: string, at: number): readonly [number, number] {
  const isPart = (letter: string | undefined) =>
    letter !== undefined && /[^\s,.;:()[\]{}<>|"\\]/.test(letter);
  let [start, end] = [at, at];
  while (isPart(text[start - 1])) start -= 1;
  while (isPart(text[end])) end += 1;
  return [start, end];
}

function trimmed(text: string, start: number, end: number): readonly [number, number] {
  while (start < end && /\s/.test(text[start] ?? "")) start += 1;
  while (end > start && /\s/.test(text[end - 1] ?? "")) end -= 1;
  return [start, end];
}
