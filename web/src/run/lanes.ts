/** The tree of runs as rows with lanes, newest first: each run stands on a lane, and a line leads from it down to its parent. */

export interface Twig {
  readonly id: string;
  readonly parent: string | null;
}

export interface Row {
  readonly id: string;
  readonly lane: number;
  /** Lanes whose line comes to this run from above: its children. */
  readonly joins: readonly number[];
  /** Lanes that pass by. */
  readonly passing: readonly number[];
  /** Whether a line leads on downwards to the parent. */
  readonly on: boolean;
}

/** A row for each run, in the order given: children before their parents. Parents that are not among them end their line. */
export function lanesOf(runs: readonly Twig[]): readonly Row[] {
  const known = new Set(runs.map((run) => run.id));
  const expected: (string | null)[] = []; // by lane: the run that its line leads to
  return runs.map(({ id, parent }) => {
    known.delete(id); // what stands above cannot be led to any more
    const joins = expected.flatMap((wanted, lane) => (wanted === id ? [lane] : []));
    const lane = joins[0] ?? freeLane(expected);
    for (const join of joins) expected[join] = null;
    const passing = expected.flatMap((wanted, other) => (wanted === null ? [] : [other]));
    const on = parent !== null && known.has(parent);
    expected[lane] = on ? parent : null;
    return { id, lane, joins, passing, on };
  });
}

/** A run with all that it came from and all that came from it. */
export function lineOf(runs: readonly Twig[], id: string): ReadonlySet<string> {
  const parents = new Map(runs.map((run) => [run.id, run.parent]));
  const line = new Set<string>();
  for (let at: string | null = id; at !== null && !line.has(at); at = parents.get(at) ?? null) line.add(at);
  const descends = (run: Twig) => {
    const seen = new Set<string>();
    for (let at: string | null = run.id; at !== null && !seen.has(at); at = parents.get(at) ?? null) {
      if (at === id) return true;
      seen.add(at);
    }
    return false;
  };
  for (const run of runs) if (descends(run)) line.add(run.id);
  return line;
}

function freeLane(expected: readonly (string | null)[]): number {
  const free = expected.indexOf(null);
  return free < 0 ? expected.length : free;
}
