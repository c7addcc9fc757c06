/** What the server says of itself over the socket, a type for each message (`engine/server/telling/messages.py`). */

import { isRecord, parsed } from "./answer";
import type { ErrorShape, Ui } from "./shapes";

/** Messages of a run say which it is, and their place in it: "attempt.number". */
interface OfRun {
  readonly prompt_id: string;
  readonly at: string;
}

export interface StatusData {
  readonly status: { readonly exec_info: { readonly queue_remaining: number } };
  readonly sid?: string;
  /** There while the queue is not open. */
  readonly queue?: string;
  readonly reason?: string;
}

export interface NodeStateShape {
  readonly value: number;
  readonly max: number;
  readonly state: "running" | "finished";
  readonly node_id: string;
  readonly display_node_id: string;
  readonly cached?: boolean;
  readonly seconds?: number;
  readonly size?: number;
}

export type Message =
  | { readonly type: "status"; readonly data: StatusData }
  | { readonly type: "execution_start"; readonly data: OfRun & { readonly timestamp: number } }
  | { readonly type: "execution_cached"; readonly data: OfRun & { readonly nodes: readonly string[] } }
  | {
      readonly type: "executing";
      readonly data: Partial<OfRun> & { readonly node: string | null; readonly display_node?: string };
    }
  | {
      readonly type: "progress";
      readonly data: OfRun & { readonly value: number; readonly max: number; readonly node: string };
    }
  | {
      readonly type: "progress_state";
      readonly data: {
        readonly prompt_id: string;
        readonly nodes: Readonly<Record<string, NodeStateShape>>;
      };
    }
  | {
      readonly type: "executed";
      readonly data: OfRun & {
        readonly node: string;
        readonly display_node: string;
        readonly output: Ui | null;
      };
    }
  | { readonly type: "execution_error"; readonly data: OfRun & ErrorShape }
  | { readonly type: "execution_interrupted"; readonly data: OfRun & { readonly node_id: string | null } }
  | { readonly type: "execution_success"; readonly data: OfRun & { readonly timestamp: number } }
  | {
      readonly type: "worker_lost";
      readonly data: OfRun & {
        readonly node: string | null;
        readonly reason: string;
        readonly again: boolean;
      };
    };

const KINDS: ReadonlySet<string> = new Set([
  "status",
  "execution_start",
  "execution_cached",
  "executing",
  "progress",
  "progress_state",
  "executed",
  "execution_error",
  "execution_interrupted",
  "execution_success",
  "worker_lost",
] satisfies Message["type"][]);

/** The message in a frame of text; null for one that the editor does not know, such as those of packs. */
export function messageIn(text: string): Message | null {
  const said = parsed(text);
  if (!isRecord(said) || typeof said["type"] !== "string" || !isRecord(said["data"])) return null;
  return KINDS.has(said["type"]) ? (said as unknown as Message) : null;
}

/** The run that a message is about; null for one about the queue. */
export function runOf(message: Message): string | null {
  return "prompt_id" in message.data ? (message.data.prompt_id ?? null) : null;
}

/** The place of a message among those of its run; null for one that is never repeated. */
export function placeOf(message: Message): string | null {
  return "at" in message.data ? (message.data.at ?? null) : null;
}
