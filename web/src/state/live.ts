/** The live connection: fills `useServer` and `useLive` with what the server tells, from the page's beginning to its end. */

import { listen, type Listening } from "../wire/socket";
import type { Frame } from "../wire/frames";
import { runOf, type Message, type StatusData } from "../wire/messages";
import { getNodes, getRun, getRuns } from "../wire/routes";
import type { NodesShape, RunShape, WholeRun } from "../wire/shapes";
import { call } from "./call";
import { say } from "./chrome";
import { clientId } from "./liveClient";
import { forecastSoon, keepForecasting } from "./liveForecast";
import { fromHistory, heard, isOver, unheard } from "./liveRun";
import { keepShowing } from "./liveShown";
import { changeRun, noteOrigin, useLive } from "./liveStore";
import { useServer, type Run } from "./server";
import { activeTab, useTabs } from "./tabs";

const PAGE = 60; // runs of a page
const RUNS_PAUSE = 150; // milliseconds: the queue changes several times with each run

let ear: Listening | null = null;
let runsTimer: ReturnType<typeof setTimeout> | undefined;

/** Connect, and stay connected until the function that this gives is called. */
export function startLive(): () => void {
  const leave = [keepShowing(), keepForecasting(), useTabs.subscribe(adoptOrigin)];
  ear = listen(
    socketAddress(),
    { onMessage, onFrame, onConnection, heardLast },
    { open: (address) => new WebSocket(address), random: () => Math.random() },
  );
  const comeBack = () => {
    if (useServer.getState().connection === "lost") ear?.again();
  };
  window.addEventListener("online", comeBack);
  window.addEventListener("visibilitychange", comeBack);
  return () => {
    window.removeEventListener("online", comeBack);
    window.removeEventListener("visibilitychange", comeBack);
    for (const one of leave) one();
    clearTimeout(runsTimer);
    ear?.close();
    ear = null;
  };
}

/** Ask for all nodes and files anew. */
export async function refreshNodes(): Promise<boolean> {
  const answer = await getNodes(call);
  if (!answer.ok) return false;
  takeNodes(answer.value);
  forecastSoon();
  return true;
}

/** Ask for the newest runs; several wishes within a moment are one request. */
export function refreshRuns(): void {
  clearTimeout(runsTimer);
  runsTimer = setTimeout(() => {
    void fetchRuns();
  }, RUNS_PAUSE);
}

/** Ask for the runs before the oldest one that is known. */
export async function loadOlderRuns(): Promise<void> {
  const after = useLive.getState().nextPage;
  if (after === null) return;
  const answer = await getRuns(call, { after, most: PAGE });
  if (!answer.ok || useLive.getState().nextPage !== after) return;
  const { runs, next } = answer.value;
  const known = new Set(runs.map((run) => run.id));
  useLive.setState({ nextPage: next });
  useServer.setState((server) => ({
    runs: [...server.runs.filter((run) => !known.has(run.id)), ...runs],
  }));
}

/** Ask what has become of a run, and show it where it is to be shown. */
export async function fetchRun(id: string): Promise<WholeRun | null> {
  const answer = await getRun(call, id);
  if (!answer.ok) return null;
  changeRun(id, (run) => fromHistory(run ?? unheard(id), answer.value));
  if (answer.value.artifacts.some((file) => !file.media_type.startsWith("image/"))) void refreshNodes();
  return answer.value;
}

/** The newest page in place of what was known of it. What lies behind it stays. */
export function withPage(known: readonly Run[], page: readonly Run[], whole: boolean): readonly Run[] {
  const last = page.at(-1);
  if (!last || whole) return page;
  const fresh = new Set(page.map((run) => run.id));
  return [...page, ...known.filter((run) => run.created <= last.created && !fresh.has(run.id))];
}

function socketAddress(): string {
  const address = new URL("ws", document.baseURI);
  address.protocol = address.protocol.replace("http", "ws");
  address.searchParams.set("clientId", clientId());
  return address.href;
}

function onMessage(message: Message): void {
  if (message.type === "status") {
    onStatus(message.data);
    return;
  }
  const id = runOf(message);
  if (id === null) return; // the greeting after a connection, which `progress_state` says better
  changeRun(id, (run) => heard(run ?? unheard(id), message));
  if (message.type === "execution_start") refreshRuns();
  if (message.type === "executing" && message.data.node === null) void onOver(id);
  // A failed node says so itself; a run that failed as a whole has no other place.
  if (message.type === "execution_error" && message.data.node_id === null)
    say(`The run failed: ${message.data.exception_message.trim()}`, "bad");
  if (message.type === "worker_lost")
    say(message.data.again ? "The worker was lost; the run is tried again." : message.data.reason, "bad");
}

function onStatus(data: StatusData): void {
  useServer.setState({
    remaining: data.status.exec_info.queue_remaining,
    paused: data.queue === undefined ? null : (data.reason ?? data.queue),
  });
  refreshRuns();
}

async function onOver(id: string): Promise<void> {
  refreshRuns();
  const whole = await fetchRun(id);
  const failure = useLive.getState().runs[id]?.failure;
  if (failure && whole?.run.status === "failed") say(`The run failed: ${failure.message}`, "bad");
  forecastSoon(0);
}

function onFrame(frame: Frame): void {
  if (frame.kind === "preview") {
    const { node, run: id } = frame;
    if (node === null || id === null) return;
    const url = URL.createObjectURL(new Blob([frame.bytes], { type: frame.media }));
    changeRun(id, (run = unheard(id)) => ({ ...run, previews: { ...run.previews, [node]: url } }));
    return;
  }
  const id = useServer.getState().shownRun;
  if (id === null) return;
  const told = { images: [], text: [frame.text] };
  changeRun(id, (run = unheard(id)) => ({ ...run, shown: { ...run.shown, [frame.node]: told } }));
}

function onConnection(state: "open" | "lost"): void {
  const before = useServer.getState().connection;
  useServer.setState({ connection: state });
  if (state === "lost") {
    if (before === "open") say("The server is away. Your work is safe; it connects again by itself.");
    return;
  }
  if (before === "lost") say("The server is back.", "good");
  void refreshNodes();
  refreshRuns();
  for (const run of Object.values(useLive.getState().runs)) if (!isOver(run)) void fetchRun(run.id);
  adoptOrigin();
}

/** Where to take up again: behind the last message of a run that is not over. */
function heardLast(): string | null {
  const going = Object.values(useLive.getState().runs).findLast((run) => run.at !== null && !isOver(run));
  return going ? `${going.id}:${going.at ?? "0.0"}` : null;
}

const origins = new Map<string, string>();

// A document that was opened may have come from a run: then its pictures are shown, and if it goes on still, its progress.
function adoptOrigin(): void {
  const { id: tab, parent } = activeTab();
  if (parent === null || useServer.getState().connection !== "open") return;
  if (origins.get(tab) === parent) return;
  origins.set(tab, parent);
  noteOrigin(tab, parent);
  const known = useLive.getState().runs[parent];
  if (known && isOver(known)) return;
  void fetchRun(parent).then((whole) => {
    if (whole?.run.status === "running") ear?.again(`${parent}:0.0`);
  });
}

async function fetchRuns(): Promise<void> {
  const answer = await getRuns(call, { most: PAGE });
  if (answer.ok) takeRuns(answer.value.runs, answer.value.next);
}

function takeRuns(runs: readonly RunShape[], next: number | null): void {
  const known = useServer.getState().runs;
  const older = known.length > runs.length && next !== null;
  if (!older) useLive.setState({ nextPage: next });
  useServer.setState({ runs: withPage(known, runs, next === null) });
  for (const run of runs) if (run.ended !== null) noteEnd(run);
}

// Of a run that ended while it waited, nobody says more than that.
function noteEnd({ id, status }: RunShape): void {
  const run = useLive.getState().runs[id];
  if (run?.status === "queued") changeRun(id, () => ({ ...run, status }));
}

function takeNodes({ nodes, files }: NodesShape): void {
  useServer.setState({ specs: new Map(nodes.map((spec) => [spec.id, spec])), specsKnown: true, files });
}
