/** What the routes give and take (docs/http-api.md, docs/editor.md), as far as the editor reads it. */

import type { Document, Literal } from "../graph/document";
import type { NodeSpec } from "../graph/specs";

export interface FileRef {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: "output" | "input" | "temp";
}

export interface RunShape {
  readonly id: string;
  readonly status: "queued" | "running" | "done" | "failed" | "cancelled" | "poisoned";
  readonly number: number;
  readonly priority: number;
  /** Unix seconds. */
  readonly created: number;
  readonly started: number | null;
  readonly ended: number | null;
  readonly client: string;
  readonly batch: string;
  readonly reason: string;
  readonly parent: string | null;
  readonly picture: FileRef | null;
}

export interface RunsPage {
  readonly runs: readonly RunShape[];
  /** What to ask for as `after` to have the page behind it. */
  readonly next: number | null;
}

/** What a node shows, as it says it: files by kind, texts, and whatever else. */
export type Ui = Readonly<Record<string, unknown>>;

/** What the history keeps of a node. What is nothing is left out. */
export interface NodeAccount {
  readonly seconds?: number;
  readonly size?: number;
  readonly cached?: boolean;
  readonly error?: string;
  readonly why?: string;
}

export interface ErrorShape {
  readonly prompt_id: string;
  readonly node_id: string | null;
  readonly exception_message: string;
  readonly exception_type: string;
  readonly traceback: readonly string[];
  readonly hint: string;
}

export interface Artifact {
  readonly node: string;
  readonly folder: FileRef["type"];
  readonly name: string;
  readonly media_type: string;
  readonly size: number;
}

export interface WholeRun {
  readonly run: RunShape;
  readonly artifacts: readonly Artifact[];
  readonly result: {
    readonly outputs: Readonly<Record<string, Ui>>;
    readonly status: { readonly messages: readonly (readonly [string, unknown])[] };
    readonly weft: { readonly seconds: number; readonly nodes: Readonly<Record<string, NodeAccount>> };
  } | null;
}

export interface NodesShape {
  readonly nodes: readonly NodeSpec[];
  readonly files: Readonly<Record<string, readonly string[]>>;
}

export interface ProblemShape {
  readonly type: string;
  readonly node?: string | null;
  readonly input?: string | null;
  readonly message: string;
  readonly hint: string;
}

export interface FactShape {
  readonly kind: string;
  readonly shape: readonly (number | null)[] | null;
  readonly family: string | null;
  readonly bytes: number | null;
}

export interface ForecastShape {
  readonly nodes: Readonly<
    Record<
      string,
      {
        readonly state: "cached" | "runs" | "idle";
        readonly why: string;
        readonly reason: {
          readonly kind: string;
          readonly input?: string | null;
          readonly old?: string | null;
          readonly new?: string | null;
          readonly way?: readonly string[] | null;
        } | null;
        readonly seconds: number | null;
        readonly peak: number | null;
        readonly size: number | null;
        readonly outputs: Readonly<Record<string, FactShape>>;
      }
    >
  >;
  readonly problems: readonly ProblemShape[];
}

/** What is inside a value of the cache. */
export interface PeekShape {
  readonly kind: string;
  readonly type: string;
  readonly shape: readonly number[] | null;
  readonly dtype: string | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly mean: number | null;
  readonly histogram: readonly number[] | null;
  /** A data URL. */
  readonly picture: string | null;
  readonly text: string | null;
  readonly bytes: number | null;
  /** How many there are of what comes in a list. */
  readonly length?: number | null;
}

export interface Span {
  readonly node: string;
  readonly what: "wait" | "load" | "compute" | "save";
  /** Seconds since the run's start. */
  readonly begin: number;
  readonly end: number;
  readonly lane: number | string;
}

export interface TimelineShape {
  readonly spans: readonly Span[];
  readonly memory: readonly (readonly [seconds: number, bytes: number])[];
  readonly seconds: number;
}

/** A graph to run, and how. */
export interface Order {
  readonly prompt: Document;
  readonly client_id?: string;
  readonly front?: boolean;
  readonly partial_execution_targets?: readonly string[];
  readonly extra_data?: Readonly<Record<string, Literal>>;
}
