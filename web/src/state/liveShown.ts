/** Which of the runs is shown: the one of the open tab that goes on, else its last one. Other tabs' runs change nothing. */

import { isOver, type RunState } from "./liveRun";
import { useLive, type Live } from "./liveStore";
import { useServer, type Server } from "./server";
import { activeTab, useTabs } from "./tabs";

type Showing = Pick<Server, "shownRun" | "progress" | "previews" | "shown" | "failure">;

const NOTHING: Showing = { shownRun: null, progress: {}, previews: {}, shown: {}, failure: null };

/** The run that a tab shows; undefined where it has none that has begun. */
export function runShownBy(live: Pick<Live, "runs" | "ofTab">, tab: string): RunState | undefined {
  const runs = runsOf(live, tab);
  return runs.findLast((run) => run.status === "running") ?? runs.findLast(hasRun);
}

// One that was cancelled while it waited has nothing to show.
function hasRun(run: RunState): boolean {
  return isOver(run) && (run.status !== "cancelled" || Object.keys(run.progress).length > 0);
}

/** What is shown for a tab. Pictures of earlier runs stay until others come. */
export function showingOf(live: Pick<Live, "runs" | "ofTab">, tab: string): Showing {
  const run = runShownBy(live, tab);
  if (!run) return NOTHING;
  const runs = runsOf(live, tab);
  const until = runs.slice(0, runs.indexOf(run) + 1);
  return {
    shownRun: run.id,
    progress: run.progress,
    previews: run.previews,
    shown: until.reduce<Showing["shown"]>((shown, one) => ({ ...shown, ...one.shown }), {}),
    failure: run.failure,
  };
}

/** Keep what is shown up to date, until the function that this gives is called. */
export function keepShowing(): () => void {
  let last: { runs: Live["runs"]; ofTab: Live["ofTab"]; tab: string } | null = null;
  const show = () => {
    const { runs, ofTab } = useLive.getState();
    const tab = activeTab().id;
    if (last?.runs === runs && last.ofTab === ofTab && last.tab === tab) return;
    last = { runs, ofTab, tab };
    const before = useServer.getState();
    const next = showingOf({ runs, ofTab }, tab);
    if (differs(before, next)) useServer.setState(next);
  };
  const leave = [useLive.subscribe(show), useTabs.subscribe(show)];
  show();
  return () => {
    for (const one of leave) one();
  };
}

function runsOf({ runs, ofTab }: Pick<Live, "runs" | "ofTab">, tab: string): RunState[] {
  return (ofTab[tab] ?? []).flatMap((id) => runs[id] ?? []);
}

function differs(before: Showing, next: Showing): boolean {
  return (
    before.shownRun !== next.shownRun ||
    before.progress !== next.progress ||
    before.previews !== next.previews ||
    before.failure !== next.failure ||
    !sameShown(before.shown, next.shown)
  );
}

function sameShown(before: Showing["shown"], next: Showing["shown"]): boolean {
  const nodes = Object.keys(next);
  return nodes.length === Object.keys(before).length && nodes.every((node) => before[node] === next[node]);
}
