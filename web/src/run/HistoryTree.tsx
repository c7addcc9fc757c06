import "./history.css";

import { useCallback, useMemo, useRef, useState } from "react";

import { loadOlderRuns } from "../state/live";
import { useLive } from "../state/liveStore";
import { useServer, type Run } from "../state/server";
import { activeTab, useTabs } from "../state/tabs";
import { HistoryDetail } from "./HistoryDetail";
import { HistoryRow } from "./HistoryRow";
import { lanesOf, lineOf } from "./lanes";

type Filter = "all" | "line" | "pictures" | "failed";

const FILTERS: readonly (readonly [Filter, string])[] = [
  ["all", "All"],
  ["line", "This line"],
  ["pictures", "Pictures"],
  ["failed", "Failed"],
];

const REST = 120; // milliseconds that a pointer stays on a row that is looked at

/** All runs as a tree of pictures. Pointing at one shows what differs from now; choosing it brings its graph back. */
export function HistoryTree() {
  const runs = useServer((server) => server.runs);
  const here = useTabs((tabs) => activeTab(tabs).parent);
  const more = useLive((live) => live.nextPage !== null);
  const [filter, setFilter] = useState<Filter>("all");
  const [looked, look] = useLooked();
  const shown = useMemo(() => filtered(runs, filter, here), [runs, filter, here]);
  const rows = useMemo(() => lanesOf(shown), [shown]);
  const lanes = Math.max(1, ...rows.map((row) => Math.max(row.lane, ...row.passing) + 1));
  const run = runs.find((one) => one.id === (looked ?? here));
  return (
    <div
      className="history"
      onPointerLeave={() => {
        look(null);
      }}
    >
      <div className="history-filter" role="group" aria-label="Which runs">
        {FILTERS.map(([name, title]) => (
          <button
            key={name}
            type="button"
            aria-pressed={filter === name}
            onClick={() => {
              setFilter(name);
            }}
          >
            {title}
          </button>
        ))}
      </div>
      {shown.length === 0 && <p className="history-none">{NONE[filter]}</p>}
      <ol className="history-rows">
        {shown.map((one, index) => {
          const row = rows[index];
          return row ? (
            <HistoryRow key={one.id} run={one} row={row} lanes={lanes} here={one.id === here} look={look} />
          ) : null;
        })}
        {more && filter !== "line" && (
          <li>
            <button type="button" className="history-more" onClick={() => void loadOlderRuns()}>
              Older runs
            </button>
          </li>
        )}
      </ol>
      {run && <HistoryDetail run={run} here={run.id === here} />}
    </div>
  );
}

// On the way from a row to the buttons below, the pointer crosses other rows, which are not meant.
function useLooked(): readonly [string | null, (id: string | null) => void] {
  const [looked, setLooked] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const look = useCallback((id: string | null) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      setLooked(id);
    }, REST);
  }, []);
  return [looked, look];
}

const NONE: Record<Filter, string> = {
  all: "No runs yet. Each run is kept here with its graph, so that you can always come back to it.",
  line: "This graph has not been run yet.",
  pictures: "No run has made a picture yet.",
  failed: "No run has failed.",
};

function filtered(runs: readonly Run[], filter: Filter, here: string | null): readonly Run[] {
  switch (filter) {
    case "all":
      return runs;
    case "line": {
      if (here === null) return [];
      const line = lineOf(runs, here);
      return runs.filter((run) => line.has(run.id));
    }
    case "pictures":
      return runs.filter((run) => run.picture !== null);
    case "failed":
      return runs.filter((run) => run.status === "failed" || run.status === "poisoned");
  }
}
