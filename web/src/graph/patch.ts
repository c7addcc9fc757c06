/** What turns one plain value into another, and no more than that: it costs as much as what differs, not as the whole. */

type Plain = Readonly<Record<string, unknown>>;

/** For objects only; whatever else differs is replaced as a whole. */
export interface Patch {
  readonly set: ReadonlyMap<string, unknown>;
  readonly inside: ReadonlyMap<string, Patch>;
  readonly gone: ReadonlySet<string>;
  /** For keys that come back, the key before which they stand; null for the end. */
  readonly before: ReadonlyMap<string, string | null>;
}

/** The patch from one object to another; parts that both share are not looked into. */
export function patchBetween(from: object, to: object): Patch {
  const [old, wanted] = [from as Plain, to as Plain];
  const set = new Map<string, unknown>();
  const inside = new Map<string, Patch>();
  const before = new Map<string, string | null>();
  let next: string | null = null;
  for (const key of Object.keys(wanted).reverse()) {
    const [one, other] = [old[key], wanted[key]];
    if (!Object.hasOwn(old, key)) {
      set.set(key, other);
      before.set(key, next);
    } else if (one !== other) {
      if (isPlain(one) && isPlain(other)) inside.set(key, patchBetween(one, other));
      else set.set(key, other);
    }
    next = key;
  }
  const gone = new Set(Object.keys(old).filter((key) => !Object.hasOwn(wanted, key)));
  return { set, inside, gone, before };
}

/** The object that the patch makes of another one. What did not differ is shared with it. */
export function patched<T extends object>(from: T, patch: Patch): T {
  const { set, inside, gone, before } = patch;
  if (set.size === 0 && inside.size === 0 && gone.size === 0) return from;
  if (gone.size === 0 && before.size === 0) {
    const inner = [...inside].map(
      ([key, one]) => [key, patched((from as Plain)[key] as object, one)] as const,
    );
    return { ...from, ...Object.fromEntries([...set, ...inner]) };
  }
  const behind = new Map<string | null, string[]>();
  for (const [key, next] of before) behind.set(next, [...(behind.get(next) ?? []), key]);
  const entries: [string, unknown][] = [];
  for (const [key, value] of Object.entries(from)) if (!gone.has(key)) put(key, value);
  enter(null);
  return Object.fromEntries(entries) as T;

  function put(key: string, value: unknown) {
    enter(key);
    const inner = inside.get(key);
    entries.push([key, set.has(key) ? set.get(key) : inner ? patched(value as object, inner) : value]);
  }

  // First what stands before the key, each of which may have others before it: a long row of them is no deep stack.
  function enter(next: string | null) {
    const row: string[] = [];
    const waiting = [...(behind.get(next) ?? [])];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      row.push(key);
      waiting.push(...(behind.get(key) ?? []));
    }
    for (const key of row.reverse()) entries.push([key, set.get(key)]);
  }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
