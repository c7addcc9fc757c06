/** Running by itself: once an edit has settled and the forecast says that something would run, the graph is sent. */

import type { Document } from "../graph/document";
import { call } from "../state/call";
import { runAlike } from "../state/liveMeaning";
import { isOver } from "../state/liveRun";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { activeTab } from "../state/tabs";
import { cancelRun } from "../wire/routes";
import { useRunChoices } from "./choices";
import { send } from "./send";

/** Keep running what changes, until the function that this gives is called. */
export function keepRunningOnChange(): () => void {
  const sent = new Map<string, Document>();
  let mine: readonly string[] = [];
  const look = async () => {
    const tab = activeTab();
    const { document } = tab.history.now;
    const before = sent.get(tab.id);
    if (!mayRun() || (before && runAlike(before, document))) return;
    sent.set(tab.id, document);
    const { runs } = useLive.getState();
    const old = mine.filter((id) => !runs[id] || !isOver(runs[id]));
    mine = [];
    for (const id of old) void cancelRun(call, id);
    mine = (await send({ seeds: false }))?.map((run) => run.id) ?? [];
  };
  const leave = [
    useServer.subscribe((now, before) => {
      if (now.forecast !== before.forecast) void look();
    }),
    useRunChoices.subscribe((now, before) => {
      if (now.onChange && !before.onChange) {
        sent.clear();
        void look();
      }
    }),
  ];
  return () => {
    for (const one of leave) one();
  };
}

function mayRun(): boolean {
  const { forecast, problems, connection } = useServer.getState();
  return (
    useRunChoices.getState().onChange &&
    connection === "open" &&
    problems.length === 0 &&
    useLive.getState().sending === 0 &&
    Object.values(forecast).some((node) => node.state === "runs")
  );
}
