/** One run as it is heard of: from messages, and from what the history keeps of it. Pure; whoever shows it is elsewhere. */

import { own } from "../graph/own";
import { isRecord } from "../wire/answer";
import type { Message, NodeStateShape } from "../wire/messages";
import type { ErrorShape, FileRef, NodeAccount, Ui, WholeRun } from "../wire/shapes";
import type { Failure, NodeProgress, RunStatus, Shown } from "./server";

export interface RunState {
  readonly id: string;
  readonly status: RunStatus;
  /** The place of the last message. */
  readonly at: string | null;
  readonly progress: Readonly<Record<string, NodeProgress>>;
  readonly shown: Readonly<Record<string, Shown>>;
  /** Object URLs; whoever takes one out revokes it. */
  readonly previews: Readonly<Record<string, string>>;
  readonly failure: Failure | null;
  /** Why each node ran, once the run is over. */
  readonly why: Readonly<Record<string, string>>;
  /** The nodes that will run, with how long each took last; empty where nobody knew when the run was sent. */
  readonly expected: Readonly<Record<string, number>>;
}

const WAITING: NodeProgress = { state: "waiting", value: 0, max: 1, seconds: null, size: null };

/** A run of which nothing has been heard yet. */
export function unheard(id: string, expected: Readonly<Record<string, number>> = {}): RunState {
  return {
    id,
    status: "queued",
    at: null,
    progress: {},
    shown: {},
    previews: {},
    failure: null,
    why: {},
    expected,
  };
}

/** The run with the nodes that are expected to run; those of which nothing has been heard yet wait. */
export function expecting(run: RunState, expected: Readonly<Record<string, number>>): RunState {
  if (isOver(run)) return run;
  return {
    ...run,
    expected,
    progress: run.status === "running" ? { ...waiting(expected), ...run.progress } : {},
  };
}

/** Whether nothing more will come of it. */
export function isOver(run: RunState): boolean {
  return run.status !== "queued" && run.status !== "running";
}

/** The run after a message about it. What was heard already changes nothing. */
export function heard(run: RunState, message: Message): RunState {
  const at = "at" in message.data ? (message.data.at ?? null) : null;
  if (at !== null && run.at !== null && isBefore(at, run.at)) return run;
  const next = change(run, message);
  return at === null ? next : { ...next, at };
}

function change(run: RunState, message: Message): RunState {
  switch (message.type) {
    case "execution_start":
      return { ...run, status: "running", failure: null, progress: waiting(run.expected) };
    case "execution_cached":
      return withNodes(run, message.data.nodes, (before) => ({ ...before, state: "cached", value: 1 }));
    case "executing":
      return executing(run, message.data.display_node ?? message.data.node);
    case "progress_state":
      return Object.values(message.data.nodes).reduce(
        stepped,
        isOver(run) ? run : { ...run, status: "running" },
      );
    case "executed":
      return shows(run, message.data.display_node, message.data.output);
    case "execution_error":
      return failed(run, message.data);
    case "execution_interrupted":
      return { ...withoutRunning(run), status: "cancelled" };
    case "execution_success":
      return { ...run, status: "done" };
    case "worker_lost":
      return message.data.again ? { ...withoutRunning(run), status: "queued" } : run;
    case "progress":
    case "status":
      return run;
  }
}

/** The run as the history keeps it. */
export function fromHistory(run: RunState, whole: WholeRun): RunState {
  const told = { ...run, status: whole.run.status };
  if (!whole.result) return told;
  const { outputs, status, weft } = whole.result;
  const done = whole.run.status === "done";
  const progress = Object.entries(weft.nodes).flatMap(([node, account]) => {
    const state = stateOf(account, done);
    return state === null ? [] : [[node, progressOf(account, state)] as const];
  });
  const error = status.messages.findLast(([type]) => type === "execution_error")?.[1];
  const shown = Object.entries(outputs).map(([node, ui]) => [node, shownIn(ui)] as const);
  return {
    ...told,
    progress: Object.fromEntries(progress),
    shown: { ...run.shown, ...Object.fromEntries(shown) },
    why: Object.fromEntries(Object.entries(weft.nodes).map(([node, account]) => [node, account.why ?? ""])),
    failure: isRecord(error) && !done ? failureOf(run.id, error as unknown as ErrorShape) : null,
  };
}

/** How far a run is, from 0 to 1, by the time that its nodes took last; null where it has not begun. */
export function shareOf(run: RunState): number | null {
  if (run.status !== "running") return null;
  const nodes = Object.entries(run.progress).filter(([, { state }]) => state !== "cached");
  const weights = nodes.map(([node]) => Math.max(own(run.expected, node) ?? 0, 0.01));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  if (whole === 0) return 0;
  const done = nodes.reduce((sum, [, node], index) => sum + (weights[index] ?? 0) * shareOfNode(node), 0);
  return done / whole;
}

/** What a node shows: its files, and everything that it says in words. */
export function shownIn(ui: Ui): Shown {
  const images: FileRef[] = [];
  const text: string[] = [];
  for (const value of Object.values(ui))
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value])
      if (isFile(one)) images.push(one);
      else if (typeof one === "string") text.push(one);
  return { images, text };
}

function waiting(expected: RunState["expected"]): RunState["progress"] {
  return Object.fromEntries(Object.keys(expected).map((node) => [node, WAITING]));
}

function shareOfNode({ state, value, max }: NodeProgress): number {
  if (state === "waiting") return 0;
  return state === "running" ? value / Math.max(max, 1) : 1;
}

function isFile(value: unknown): value is FileRef {
  return isRecord(value) && typeof value["filename"] === "string";
}

function isBefore(at: string, last: string): boolean {
  const [attempt = 0, number = 0] = at.split(".").map(Number);
  const [lastAttempt = 0, lastNumber = 0] = last.split(".").map(Number);
  return attempt < lastAttempt || (attempt === lastAttempt && number < lastNumber);
}

function withNodes(
  run: RunState,
  nodes: readonly string[],
  next: (before: NodeProgress) => NodeProgress,
): RunState {
  const changed = nodes.map((node) => [node, next(own(run.progress, node) ?? WAITING)] as const);
  return { ...run, progress: { ...run.progress, ...Object.fromEntries(changed) } };
}

function executing(run: RunState, node: string | null): RunState {
  if (node === null || isOver(run)) return run;
  const running = withNodes(run, [node], (before) =>
    before.state === "running" ? before : { ...WAITING, state: "running" },
  );
  return { ...running, status: "running" };
}

// A node that turned into others stands for all of them: it runs while any of them does.
function stepped(run: RunState, node: NodeStateShape): RunState {
  const shown = node.display_node_id;
  if (node.state === "running")
    return withNodes(run, [shown], () => ({
      ...WAITING,
      state: "running",
      value: node.value,
      max: node.max,
    }));
  if (node.node_id !== shown) return run;
  return withNodes(run, [shown], () => ({
    state: node.cached ? "cached" : "finished",
    value: node.max,
    max: node.max,
    seconds: node.seconds ?? 0,
    size: node.size ?? null,
  }));
}

function shows(run: RunState, node: string, output: Ui | null): RunState {
  return output === null ? run : { ...run, shown: { ...run.shown, [node]: shownIn(output) } };
}

function failed(run: RunState, error: ErrorShape): RunState {
  const blocked = error.exception_type === "ExecutionBlocked";
  const failure = failureOf(run.id, error);
  const marked =
    error.node_id === null
      ? run
      : withNodes(run, [error.node_id], (node) => ({ ...node, state: blocked ? "blocked" : "failed" }));
  return blocked ? { ...marked, failure } : { ...withoutRunning(marked), failure, status: "failed" };
}

function failureOf(run: string, error: ErrorShape): Failure {
  return {
    run,
    node: error.node_id,
    message: error.exception_message.trim(),
    hint: error.hint,
    kind: error.exception_type,
    traceback: error.traceback,
  };
}

function withoutRunning(run: RunState): RunState {
  const kept = Object.entries(run.progress).filter(
    ([, node]) => node.state !== "running" && node.state !== "waiting",
  );
  return { ...run, progress: Object.fromEntries(kept) };
}

function stateOf(account: NodeAccount, done: boolean): NodeProgress["state"] | null {
  if (account.error) return account.error.startsWith("Blocked:") ? "blocked" : "failed";
  if (account.cached) return "cached";
  return account.seconds !== undefined || done ? "finished" : null;
}

function progressOf(account: NodeAccount, state: NodeProgress["state"]): NodeProgress {
  return { state, value: 1, max: 1, seconds: account.seconds ?? null, size: account.size ?? null };
}
