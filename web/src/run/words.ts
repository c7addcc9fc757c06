/** What runs are called. */

import type { Run, RunStatus } from "../state/server";
import { agoText, secondsText } from "./format";

const STATUS: Record<RunStatus, string> = {
  queued: "Waiting",
  running: "Running",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
  poisoned: "Given up: its worker died twice",
};

/** How a run stands, and how long it took: "Done in 3.0 s". */
export function statusText(run: Run): string {
  const took = run.started !== null && run.ended !== null ? secondsText(run.ended - run.started) : null;
  return run.status === "done" && took !== null ? `Done in ${took}` : STATUS[run.status];
}

/** A run as one says which one is meant: "Run of 14:03". */
export function runName(run: Run): string {
  return `Run of ${agoText(run.created)}`;
}
