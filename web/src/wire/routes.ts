/** The routes that the editor calls, a function each. */

import type { Document } from "../graph/document";
import type { Answer } from "./answer";
import type { Call } from "./http";
import type {
  ForecastShape,
  NodesShape,
  Order,
  PeekShape,
  RunShape,
  RunsPage,
  TimelineShape,
  WholeRun,
} from "./shapes";

const PATIENT = 120; // seconds: routes that wait until the worker has imported its packs

/** All nodes, and the files that their inputs may name. */
export function getNodes(call: Call): Promise<Answer<NodesShape>> {
  return call("GET", "nodes", { seconds: PATIENT });
}

/** A page of runs, the newest first. */
export function getRuns(
  call: Call,
  query: { after?: number | null; most?: number; status?: string; batch?: string } = {},
): Promise<Answer<RunsPage>> {
  return call("GET", "runs", { query });
}

/** A run, with what has become of it. */
export function getRun(call: Call, id: string): Promise<Answer<WholeRun>> {
  return call("GET", `runs/${encodeURIComponent(id)}`);
}

/** The document of a run as it was sent. */
export function getRunDocument(call: Call, id: string, signal?: AbortSignal): Promise<Answer<Document>> {
  return call("GET", `runs/${encodeURIComponent(id)}/graph`, { query: { as: "document" }, signal });
}

/** When what was done in a run. */
export function getTimeline(call: Call, id: string, signal?: AbortSignal): Promise<Answer<TimelineShape>> {
  return call("GET", `runs/${encodeURIComponent(id)}/timeline`, { signal });
}

/** Run a graph. The same `key` never makes two runs. */
export function postRun(
  call: Call,
  order: Order,
  key: string,
  signal?: AbortSignal,
): Promise<Answer<{ readonly run: RunShape }>> {
  return call("POST", "runs", { body: order, key, signal, seconds: PATIENT });
}

/** Run several graphs, all of them or none. */
export function postRuns(
  call: Call,
  orders: readonly Order[],
  batch: string,
  key: string,
  signal?: AbortSignal,
): Promise<Answer<{ readonly runs: readonly RunShape[] }>> {
  return call("POST", "runs", { body: { runs: orders, batch }, key, signal, seconds: PATIENT });
}

/** Cancel a run, whether it waits or goes on. */
export function cancelRun(call: Call, id: string): Promise<Answer<RunShape>> {
  return call("POST", `runs/${encodeURIComponent(id)}/cancel`, { body: {} });
}

/** Forget a run that is over. Its files stay. */
export function deleteRun(call: Call, id: string): Promise<Answer<null>> {
  return call("DELETE", `runs/${encodeURIComponent(id)}`);
}

/** Move a run that waits: a lower number is earlier, a higher priority first. */
export function patchRun(
  call: Call,
  id: string,
  change: { readonly number?: number; readonly priority?: number },
): Promise<Answer<RunShape>> {
  return call("PATCH", `runs/${encodeURIComponent(id)}`, { body: change });
}

/** Take all runs that wait out of the queue. */
export function clearQueue(call: Call): Promise<Answer<null>> {
  return call("POST", "queue", { body: { clear: true } });
}

/** Start no more runs. */
export function pauseQueue(call: Call, reason: string): Promise<Answer<unknown>> {
  return call("POST", "queue/pause", { body: { reason } });
}

/** Start runs again. */
export function resumeQueue(call: Call): Promise<Answer<unknown>> {
  return call("POST", "queue/resume", { body: {} });
}

/** What would become of each node if the graph were run now. */
export function postForecast(
  call: Call,
  asked: { graph: Document; client_id: string; targets?: readonly string[] },
  signal?: AbortSignal,
): Promise<Answer<ForecastShape>> {
  return call("POST", "forecast", { body: asked, signal });
}

/** A look at a value of the cache. */
export function postPeek(
  call: Call,
  asked: { graph: Document; client_id: string; node: string; output: string },
  signal?: AbortSignal,
): Promise<Answer<PeekShape>> {
  return call("POST", "peek", { body: asked, signal });
}
