/** What the server has told: its nodes and files, whether it is there, and what has become of runs. Filled by `state/live.ts`. */

import { create } from "zustand";

import type { Specs } from "../graph/specs";

export type Connection = "connecting" | "open" | "lost";

export interface FileRef {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: "output" | "input" | "temp";
}

/** Something wrong with a graph, on a node and perhaps one of its inputs; `node` is a flat id. */
export interface Problem {
  readonly node: string | null;
  readonly input: string | null;
  readonly message: string;
  readonly hint: string;
  readonly kind: string;
}

/** How far a node is in the run that goes on, or was in the last one. */
export interface NodeProgress {
  readonly state: "waiting" | "running" | "finished" | "cached" | "failed" | "blocked";
  readonly value: number;
  readonly max: number;
  readonly seconds: number | null;
  readonly size: number | null;
}

/** What is known of a value before anything runs. */
export interface Fact {
  readonly kind: string;
  readonly shape: readonly (number | null)[] | null;
  readonly family: string | null;
  readonly bytes: number | null;
}

/** Why a node will run: the first thing that differs from the last run. */
export interface Reason {
  readonly kind: string;
  readonly input?: string | null;
  readonly old?: string | null;
  readonly new?: string | null;
  readonly way?: readonly string[] | null;
}

/** What would become of a node if the graph were run now. */
export interface Forecast {
  readonly state: "cached" | "runs" | "idle";
  readonly why: string;
  readonly reason: Reason | null;
  readonly seconds: number | null;
  readonly peak: number | null;
  readonly size: number | null;
  readonly outputs: Readonly<Record<string, Fact>>;
}

export type RunStatus = "queued" | "running" | "done" | "failed" | "cancelled" | "poisoned";

export interface Run {
  readonly id: string;
  readonly status: RunStatus;
  readonly number: number;
  readonly priority: number;
  readonly created: number;
  readonly started: number | null;
  readonly ended: number | null;
  readonly batch: string;
  readonly reason: string;
  readonly parent: string | null;
  readonly picture: FileRef | null;
}

/** What a node has shown: pictures, texts, and whatever else its kind gives. */
export interface Shown {
  readonly images: readonly FileRef[];
  readonly text: readonly string[];
}

export interface Failure {
  readonly run: string;
  readonly node: string | null;
  readonly message: string;
  readonly hint: string;
  readonly kind: string;
  readonly traceback: readonly string[];
}

export interface Server {
  readonly connection: Connection;
  readonly specs: Specs;
  /** Whether the specs have come; before that, unknown nodes are not missing, only not known yet. */
  readonly specsKnown: boolean;
  /** The files that inputs may name, by folder ("checkpoints", "input", ...). */
  readonly files: Readonly<Record<string, readonly string[]>>;
  /** How many runs wait or run. */
  readonly remaining: number;
  /** Why the queue rests, if it does. */
  readonly paused: string | null;
  /** Runs, the newest first. */
  readonly runs: readonly Run[];
  /** The run whose progress is shown. */
  readonly shownRun: string | null;
  /** By flat id. */
  readonly progress: Readonly<Record<string, NodeProgress>>;
  /** Live previews, as object URLs, by flat id. */
  readonly previews: Readonly<Record<string, string>>;
  readonly shown: Readonly<Record<string, Shown>>;
  readonly problems: readonly Problem[];
  readonly failure: Failure | null;
  readonly forecast: Readonly<Record<string, Forecast>>;
}

export const useServer = create<Server>(() => ({
  connection: "connecting",
  specs: new Map(),
  specsKnown: false,
  files: {},
  remaining: 0,
  paused: null,
  runs: [],
  shownRun: null,
  progress: {},
  previews: {},
  shown: {},
  problems: [],
  failure: null,
  forecast: {},
}));
