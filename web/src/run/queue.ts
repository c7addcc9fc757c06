/** Doing something with the queue, and saying so where it did not work. */

import { call } from "../state/call";
import { say } from "../state/chrome";
import { refreshRuns } from "../state/live";
import { useServer, type Run } from "../state/server";
import type { Answer } from "../wire/answer";
import { cancelRun, clearQueue, deleteRun, patchRun, pauseQueue, resumeQueue } from "../wire/routes";
import { giveUpSending } from "./send";

/** The run that is carried out now; undefined if none is. */
export function runningRun(runs: readonly Run[] = useServer.getState().runs): Run | undefined {
  return runs.find((run) => run.status === "running");
}

/** The runs that wait, in the order in which they will run. */
export function waitingRuns(runs: readonly Run[]): readonly Run[] {
  return runs
    .filter((run) => run.status === "queued")
    .sort((one, other) => other.priority - one.priority || one.number - other.number);
}

/** Stop the run that goes on, or what is being sent. */
export async function cancelCurrent(): Promise<void> {
  if (giveUpSending()) return;
  const run = runningRun();
  if (run) await cancelOne(run.id);
}

/** Cancel a run, whether it waits or goes on. */
export async function cancelOne(id: string): Promise<void> {
  told(await cancelRun(call, id), "The run could not be cancelled");
}

/** Cancel all that wait. */
export async function cancelWaiting(): Promise<void> {
  if (told(await clearQueue(call), "The queue could not be cleared")) say("Nothing waits any more.");
}

/** Start no more runs for now. */
export async function pause(): Promise<void> {
  told(await pauseQueue(call, "Paused in the editor."), "The queue could not be paused");
}

/** Start runs again. */
export async function resume(): Promise<void> {
  told(await resumeQueue(call), "The queue could not be resumed");
}

/** Forget a run that is over. Its pictures stay on the disk. */
export async function forget(id: string): Promise<void> {
  if (told(await deleteRun(call, id), "The run could not be deleted"))
    useServer.setState(({ runs }) => ({ runs: runs.filter((run) => run.id !== id) }));
}

/** Let a run go before or behind another one that waits. */
export async function moveRun(id: string, to: { priority: number; number: number }): Promise<void> {
  told(await patchRun(call, id, to), "The run could not be moved");
}

/** Where a run must stand to come to that place among those that wait: between its new neighbours. */
export function placeAt(
  waiting: readonly Run[],
  id: string,
  index: number,
): { priority: number; number: number } | null {
  const others = waiting.filter((run) => run.id !== id);
  const before = others[index - 1];
  const after = others[index];
  if (after && before?.priority === after.priority)
    return { priority: before.priority, number: (before.number + after.number) / 2 };
  if (after) return { priority: after.priority, number: after.number - 1 };
  return before ? { priority: before.priority, number: before.number + 1 } : null;
}

function told(answer: Answer<unknown>, otherwise: string): boolean {
  if (!answer.ok) say(`${otherwise}: ${answer.refusal.message} ${answer.refusal.hint}`.trim(), "bad");
  refreshRuns();
  return answer.ok;
}
