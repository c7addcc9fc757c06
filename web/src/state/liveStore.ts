/** What is known of single runs, of each tab's, and of requests that are under way. `liveShown.ts` says what of it is shown. */

import { create } from "zustand";

import { own } from "../graph/own";
import type { Method } from "../wire/http";
import { expecting, isOver, unheard, type RunState } from "./liveRun";
import type { Problem } from "./server";

export interface Waiting {
  readonly id: number;
  readonly what: string;
  readonly since: number;
}

export interface Live {
  readonly runs: Readonly<Record<string, RunState>>;
  /** The runs that were sent from each tab, the newest last. */
  readonly ofTab: Readonly<Record<string, readonly string[]>>;
  /** What to ask for to have older runs; null when there are none. */
  readonly nextPage: number | null;
  /** Requests that have no answer yet. */
  readonly waiting: readonly Waiting[];
  /** Runs that the user asked for and the server has not accepted yet. */
  readonly sending: number;
  /** What was wrong with the last graph that was refused. */
  readonly refused: readonly Problem[];
  /** Whether the forecast of the shown document is on its way. */
  readonly forecasting: boolean;
}

export const useLive = create<Live>(() => ({
  runs: {},
  ofTab: {},
  nextPage: null,
  waiting: [],
  sending: 0,
  refused: [],
  forecasting: false,
}));

const MOST_RUNS = 60;
let requests = 0;

/** Note that a request is under way; what it gives is to be called when it is over. */
export function noteRequest(method: Method, path: string): () => void {
  requests += 1;
  const waiting: Waiting = { id: requests, what: `${method} ${path}`, since: Date.now() };
  useLive.setState((live) => ({ waiting: [...live.waiting, waiting] }));
  return () => {
    useLive.setState((live) => ({ waiting: live.waiting.filter((one) => one.id !== waiting.id) }));
  };
}

/** Change what is known of a run. Object URLs that are not shown any more are given back. */
export function changeRun(id: string, change: (run: RunState | undefined) => RunState): void {
  useLive.setState((live) => {
    const before = live.runs[id];
    const next = change(before);
    if (next === before) return live;
    if (before) revokeGone(before, next);
    return { runs: kept({ ...live.runs, [id]: next }, live.ofTab) };
  });
}

/** Note that runs were sent from a tab, and which nodes will run. Of some of them more may have been heard already. */
export function noteSent(
  tab: string,
  ids: readonly string[],
  expected: Readonly<Record<string, number>>,
): void {
  useLive.setState(({ runs, ofTab }) => {
    const sent = ids.map((id) => [id, expecting(runs[id] ?? unheard(id), expected)] as const);
    return {
      runs: { ...runs, ...Object.fromEntries(sent) },
      ofTab: { ...ofTab, [tab]: [...(ofTab[tab] ?? []), ...ids] },
    };
  });
}

/** Note which run a tab's document comes from now: it is the last one that the tab shows. */
export function noteOrigin(tab: string, run: string): void {
  useLive.setState(({ ofTab }) => {
    const runs = ofTab[tab] ?? [];
    if (runs.at(-1) === run) return {};
    return { ofTab: { ...ofTab, [tab]: [...runs.filter((id) => id !== run), run] } };
  });
}

// The last runs are kept, and those of each tab that it may still show.
function kept(runs: Live["runs"], ofTab: Live["ofTab"]): Live["runs"] {
  const entries = Object.entries(runs);
  if (entries.length <= MOST_RUNS) return runs;
  const needed = new Set(Object.values(ofTab).flatMap((ids) => ids.slice(-4)));
  const leave = entries.slice(0, entries.length - MOST_RUNS).filter(([id, run]) => {
    return isOver(run) && !needed.has(id);
  });
  for (const [, run] of leave) for (const url of Object.values(run.previews)) URL.revokeObjectURL(url);
  const gone = new Set(leave.map(([id]) => id));
  return Object.fromEntries(entries.filter(([id]) => !gone.has(id)));
}

// Whoever shows it draws the next one first.
function revokeLater(url: string): void {
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 2000);
}

function revokeGone(before: RunState, next: RunState): void {
  if (before.previews === next.previews) return;
  for (const [node, url] of Object.entries(before.previews))
    if (own(next.previews, node) !== url) revokeLater(url);
}
