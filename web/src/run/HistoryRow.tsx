import { memo } from "react";

import type { Run } from "../state/server";
import { restoreHere, restoreInTab } from "./documents";
import { agoText } from "./format";
import type { Row } from "./lanes";
import { Thumb } from "./Thumb";
import { runName, statusText } from "./words";

const LANE = 14; // pixels
const MOST_RAILS = 98; // a sweep has many lanes, and they leave room for the pictures
const HEIGHT = 52;

interface HistoryRowProps {
  readonly run: Run;
  readonly row: Row;
  readonly lanes: number;
  /** Whether the graph that is shown came from it. */
  readonly here: boolean;
  readonly look: (id: string | null) => void;
}

/** A run in the tree. */
export const HistoryRow = memo(function HistoryRow({ run, row, lanes, here, look }: HistoryRowProps) {
  const see = () => {
    look(run.id);
  };
  return (
    <li className="history-row" data-here={here || undefined}>
      <Rails row={row} lanes={lanes} status={run.status} />
      <button
        type="button"
        className="history-run"
        aria-current={here || undefined}
        onPointerEnter={see}
        onFocus={see}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step === 0) return;
          event.preventDefault();
          const all = [
            ...(event.currentTarget.closest("ol")?.querySelectorAll<HTMLElement>(".history-run") ?? []),
          ];
          all[all.indexOf(event.currentTarget) + step]?.focus();
        }}
        onClick={(event) => {
          void (event.shiftKey ? restoreInTab(run.id, runName(run)) : restoreHere(run.id));
        }}
      >
        <Thumb run={run} />
        <span className="queue-words">
          <span>
            <span className="unseen">Run of </span>
            {agoText(run.created)}
          </span>
          <small>{here ? "You are here" : statusText(run)}</small>
          <span className="unseen">Bring its graph back; with Shift in a new tab.</span>
        </span>
      </button>
    </li>
  );
});

interface RailsProps {
  readonly row: Row;
  readonly lanes: number;
  readonly status: Run["status"];
}

function Rails({ row, lanes, status }: RailsProps) {
  const wide = Math.min(LANE, MOST_RAILS / lanes);
  const x = (lane: number) => lane * wide + LANE / 2;
  const middle = HEIGHT / 2;
  const at = x(row.lane);
  return (
    <svg className="history-rails" width={(lanes - 1) * wide + LANE} height={HEIGHT} aria-hidden>
      {row.passing.map((lane) => (
        <path key={lane} d={`M${x(lane)} 0V${HEIGHT}`} />
      ))}
      {row.joins.map((lane) => (
        <path
          key={lane}
          d={
            lane === row.lane
              ? `M${at} 0V${middle}`
              : `M${x(lane)} 0C${x(lane)} ${middle} ${at} 6 ${at} ${middle}`
          }
        />
      ))}
      {row.on && <path d={`M${at} ${middle}V${HEIGHT}`} />}
      <circle cx={at} cy={middle} r={4} data-status={status} />
    </svg>
  );
}
