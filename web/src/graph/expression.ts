/** Sums that people type into number fields: "512*1.5", "sqrt(2)/2", "max(64, 8**2)". Read by hand, never run as code. */

const CONSTANTS: ReadonlyMap<string, number> = new Map([
  ["pi", Math.PI],
  ["e", Math.E],
]);

const FUNCTIONS: ReadonlyMap<string, (...numbers: number[]) => number> = new Map([
  ["sqrt", Math.sqrt],
  ["min", Math.min],
  ["max", Math.max],
  ["abs", Math.abs],
  ["round", Math.round],
  ["floor", Math.floor],
  ["ceil", Math.ceil],
]);

const TOKEN = /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|(\*\*|[-+*/%^(),]))/iy;

// More than anyone types, and few enough brackets for the stack.
const LONGEST = 500;

/** The value of a sum; null if it is none, or has no finite value. */
export function evaluate(text: string): number | null {
  const tokens = tokensOf(text);
  if (!tokens) return null;
  let at = 0;
  try {
    const value = sum();
    return at === tokens.length && Number.isFinite(value) ? value : null;
  } catch (error) {
    if (error instanceof NoSum) return null;
    throw error;
  }

  function taken(...wanted: readonly string[]): string | undefined {
    const token = tokens?.[at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    at += 1;
    return token;
  }

  function sum(): number {
    let value = product();
    for (let sign = taken("+", "-"); sign; sign = taken("+", "-")) {
      const next = product();
      value = sign === "+" ? value + next : value - next;
    }
    return value;
  }

  function product(): number {
    let value = signed();
    for (let sign = taken("*", "/", "%"); sign; sign = taken("*", "/", "%")) {
      const next = signed();
      value = sign === "*" ? value * next : sign === "/" ? value / next : value % next;
    }
    return value;
  }

  // -2**2 is -4, as in Python.
  function signed(): number {
    const sign = taken("+", "-");
    if (sign) return sign === "-" ? -signed() : signed();
    const base = atom();
    return taken("**", "^") ? base ** signed() : base;
  }

  function atom(): number {
    if (taken("(")) return closed(sum());
    const token = tokens?.[at] ?? "";
    at += 1;
    const constant = CONSTANTS.get(token);
    if (constant !== undefined) return constant;
    const known = FUNCTIONS.get(token);
    if (known) return known(...parts());
    if (!/^[\d.]/.test(token)) throw new NoSum();
    return Number(token);
  }

  function parts(): number[] {
    if (!taken("(")) throw new NoSum();
    const all = [sum()];
    while (taken(",")) all.push(sum());
    closed(0);
    return all;
  }

  function closed(value: number): number {
    if (!taken(")")) throw new NoSum();
    return value;
  }
}

class NoSum extends Error {}

function tokensOf(text: string): readonly string[] | null {
  const rest = text.trim();
  if (rest === "" || rest.length > LONGEST) return null;
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const found = TOKEN.exec(rest);
    if (!found) return null;
    tokens.push(found[0].trim().toLowerCase());
  }
  return tokens;
}
