/** What would become of each node if the shown document were run now: asked again a moment after each edit. */

import type { Document } from "../graph/document";
import type { Answer } from "../wire/answer";
import { postForecast } from "../wire/routes";
import type { ForecastShape, ProblemShape } from "../wire/shapes";
import { call } from "./call";
import { clientId } from "./liveClient";
import { runAlike } from "./liveMeaning";
import { useLive } from "./liveStore";
import { useServer, type Problem } from "./server";
import { activeTab, currentDocument, useTabs } from "./tabs";

const PAUSE = 250; // milliseconds after the last edit
const AGAIN = 2000; // and after a worker that was not there yet

let timer: ReturnType<typeof setTimeout> | undefined;
let asking: AbortController | undefined;

/** Keep the forecast up to date, until the function that this gives is called. */
export function keepForecasting(): () => void {
  let last: { tab: string; document: Document } | null = null;
  const look = () => {
    const now = { tab: activeTab().id, document: currentDocument() };
    if (last?.tab === now.tab && runAlike(last.document, now.document)) return;
    const other = last !== null && last.tab !== now.tab;
    last = now;
    useLive.setState({ refused: [] });
    if (other) useServer.setState({ forecast: {}, problems: [] });
    forecastSoon(other ? 0 : PAUSE);
  };
  const leave = useTabs.subscribe(look);
  look();
  return () => {
    leave();
    clearTimeout(timer);
    asking?.abort();
  };
}

/** Ask again: a run is over, nodes have changed, the server is back. */
export function forecastSoon(pause = PAUSE): void {
  clearTimeout(timer);
  asking?.abort();
  timer = setTimeout(() => {
    void forecast();
  }, pause);
}

/** Show what was wrong with a graph that was refused, until it is changed. */
export function showRefused(problems: readonly Problem[]): void {
  useLive.setState({ refused: problems });
  useServer.setState(({ problems: known }) => ({ problems: together(problems, known) }));
}

/** Problems of two sources, each once. */
export function together(first: readonly Problem[], second: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return [...first, ...second].filter((problem) => {
    const key = JSON.stringify([problem.node, problem.input, problem.kind]);
    return !seen.has(key) && seen.add(key);
  });
}

/** A problem as the editor keeps it. */
export function problemOf(shape: ProblemShape): Problem {
  return {
    node: shape.node ?? null,
    input: shape.input ?? null,
    message: shape.message,
    hint: shape.hint,
    kind: shape.type,
  };
}

async function forecast(): Promise<void> {
  const document = currentDocument();
  if (Object.keys(document.nodes).length === 0) {
    useServer.setState({ forecast: {}, problems: [] });
    return;
  }
  if (useServer.getState().connection !== "open") return; // it is asked again when the server is back
  const mine = new AbortController();
  asking = mine;
  useLive.setState({ forecasting: true });
  const answer = await postForecast(call, { graph: document, client_id: clientId() }, mine.signal);
  if (mine.signal.aborted) return;
  useLive.setState({ forecasting: false });
  if (runAlike(document, currentDocument())) take(answer);
}

function take(answer: Answer<ForecastShape>): void {
  if (!answer.ok) {
    if (answer.refusal.status === 503) forecastSoon(AGAIN);
    return;
  }
  const { nodes, problems } = answer.value;
  useServer.setState({
    forecast: nodes,
    problems: together(useLive.getState().refused, problems.map(problemOf)),
  });
}
