/** From a click on "Run" to a run in the queue. The graph is taken as it is at the click; edits never wait for the server. */

import type { Document } from "../graph/document";
import { commit, type History } from "../graph/history";
import { afterQueued } from "../graph/seeds";
import { call } from "../state/call";
import { say } from "../state/chrome";
import { refreshRuns } from "../state/live";
import { clientId, freshId } from "../state/liveClient";
import { showRefused } from "../state/liveForecast";
import { noteSent, useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { activeTab, changeTab, type Tab } from "../state/tabs";
import { isUnheard, type Answer } from "../wire/answer";
import { postRun, postRuns } from "../wire/routes";
import type { Order, RunShape } from "../wire/shapes";
import { problemsIn, refusalText } from "./refusal";

export interface Sending {
  readonly count?: number;
  /** Before all that wait. */
  readonly front?: boolean;
  /** Only as far as these nodes, by their flat ids. */
  readonly targets?: readonly string[];
  /** Whether seeds go on as their nodes say. */
  readonly seeds?: boolean;
}

const MOST_PATIENCE = 8000; // milliseconds between two tries

const underway = new Set<AbortController>();

/** Send the shown graph. Gives the runs, or null if there are none. */
export async function send(how: Sending = {}): Promise<readonly RunShape[] | null> {
  const tab = activeTab();
  const { documents, next } = documentsFor(tab.history.now.document, how);
  const before = tab.history;
  const after = commit(before, next, "Next seed", "seeds");
  if (after !== before) changeTab(() => ({ history: after }), tab.id);
  const runs = await sendDocuments(tab, documents, how);
  const last = runs?.at(-1);
  if (last) changeTab(() => ({ parent: last.id }), tab.id);
  if (!runs && after !== before) takeBack(tab.id, after, before);
  return runs;
}

/** Send these graphs as runs of a tab: one by one in the queue, accepted together. What the tab shows comes from none of them. */
export async function sendDocuments(
  tab: Tab,
  documents: readonly Document[],
  how: Sending = {},
): Promise<readonly RunShape[] | null> {
  const expected = expectedNow();
  const orders = documents.map((document) => orderOf(document, tab.parent, how));
  const giving = new AbortController();
  underway.add(giving);
  changeSending(1);
  const answer = await insist(orders, giving.signal).finally(() => {
    underway.delete(giving);
    changeSending(-1);
  });
  if (!answer.ok) {
    if (answer.refusal.kind === "given_up") return null;
    showRefused(problemsIn(answer.refusal));
    say(refusalText(answer.refusal), "bad");
    return null;
  }
  showRefused([]);
  const runs = answer.value;
  noteSent(
    tab.id,
    runs.map((run) => run.id),
    expected,
  );
  refreshRuns();
  return runs;
}

/** Give up what the server has not accepted yet; says whether there was anything. */
export function giveUpSending(): boolean {
  const any = underway.size > 0;
  for (const one of underway) one.abort();
  return any;
}

/** What the runs of a batch are, each with the seeds that the one before left, and the document after the last. */
export function documentsFor(
  document: Document,
  { count = 1, seeds = true }: Pick<Sending, "count" | "seeds">,
  random: () => number = Math.random,
): { readonly documents: readonly Document[]; readonly next: Document } {
  const documents: Document[] = [];
  let next = document;
  for (let index = 0; index < count; index += 1) {
    documents.push(next);
    if (seeds) next = afterQueued(next, random);
  }
  return { documents, next };
}

function orderOf(document: Document, parent: string | null, { front, targets }: Sending): Order {
  return {
    prompt: document,
    client_id: clientId(),
    ...(front ? { front } : {}),
    ...(targets ? { partial_execution_targets: targets } : {}),
    ...(parent === null ? {} : { extra_data: { weft: { parent } } }),
  };
}

// The key makes sure that what is sent again after a lost answer is not made twice.
async function insist(orders: readonly Order[], signal: AbortSignal): Promise<Answer<readonly RunShape[]>> {
  const key = freshId();
  for (let pause = 500; ; pause = Math.min(pause * 2, MOST_PATIENCE)) {
    const answer = await post(orders, key, signal);
    if (answer.ok || !isUnheard(answer.refusal)) return answer;
    if (pause === 500) say("The server does not answer. The run is sent as soon as it does.");
    await new Promise((done) => setTimeout(done, pause));
  }
}

async function post(
  orders: readonly Order[],
  key: string,
  signal: AbortSignal,
): Promise<Answer<readonly RunShape[]>> {
  const [only] = orders;
  if (only && orders.length === 1) {
    const answer = await postRun(call, only, key, signal);
    return answer.ok ? { ok: true, value: [answer.value.run] } : answer;
  }
  const answer = await postRuns(call, orders, `batch-${key.slice(0, 12)}`, key, signal);
  return answer.ok ? { ok: true, value: answer.value.runs } : answer;
}

function expectedNow(): Readonly<Record<string, number>> {
  const nodes = Object.entries(useServer.getState().forecast).filter(([, node]) => node.state === "runs");
  return Object.fromEntries(nodes.map(([id, node]) => [id, node.seconds ?? 0]));
}

function changeSending(by: number): void {
  useLive.setState(({ sending }) => ({ sending: sending + by }));
}

// Nothing ran, so the seeds are as they were, unless something else was done meanwhile.
function takeBack(tab: string, after: History, before: History): void {
  changeTab(({ history }) => (history === after ? { history: before } : {}), tab);
}
