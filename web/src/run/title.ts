/** How the run is, in the title of the browser's tab, for those who look at something else meanwhile. */

import { shareOf, type RunState } from "../state/liveRun";
import { runShownBy } from "../state/liveShown";
import { useLive, type Live } from "../state/liveStore";
import { useServer } from "../state/server";
import { activeTab, useTabs } from "../state/tabs";

/** The run that goes on, of whichever tab; undefined if none does. */
export function runGoingOn({ runs }: Pick<Live, "runs">): RunState | undefined {
  return Object.values(runs).findLast((run) => run.status === "running");
}

/** The title: "62 % Weft" while a run goes on, else how many wait, else how the last one ended if nobody looks. */
export function titleFor(
  going: RunState | undefined,
  remaining: number,
  paused: boolean,
  unseen: RunState | undefined,
  name: string,
): string {
  if (going) return `${Math.floor((shareOf(going) ?? 0) * 100)} % Weft`;
  if (remaining > 0) return paused ? `Paused, ${remaining} waiting – Weft` : `${remaining} waiting – Weft`;
  if (unseen?.status === "done") return "Done – Weft";
  if (unseen?.status === "failed" || unseen?.status === "poisoned") return "Failed – Weft";
  return `${name} – Weft`;
}

/** Keep the title up to date, until the function that this gives is called. */
export function keepTitle(): () => void {
  let unseen: RunState | undefined;
  let goingBefore = false;
  const tell = () => {
    const live = useLive.getState();
    const { remaining, paused } = useServer.getState();
    const going = runGoingOn(live);
    const tab = activeTab();
    if (goingBefore && !going && document.hidden) unseen = runShownBy(live, tab.id);
    if (!document.hidden) unseen = undefined;
    goingBefore = going !== undefined;
    const title = titleFor(going, remaining, paused !== null, unseen, tab.name);
    if (document.title !== title) document.title = title;
  };
  const leave = [useLive.subscribe(tell), useServer.subscribe(tell), useTabs.subscribe(tell)];
  document.addEventListener("visibilitychange", tell);
  tell();
  return () => {
    document.removeEventListener("visibilitychange", tell);
    for (const one of leave) one();
  };
}
