import "./queue.css";

import { Pause, Play, Trash2 } from "lucide-react";

import { runAction } from "../state/actions";
import { useServer, type Run } from "../state/server";
import { QueueRow } from "./QueueRow";
import { RunningRow } from "./RunningRow";
import { Thumb } from "./Thumb";
import { waitingRuns } from "./queue";
import { agoText } from "./format";
import { statusText } from "./words";

const LATELY = 6; // runs that are over and still shown here; the history has all

/** What runs, what waits in which order, and what ended lately. */
export function QueuePanel() {
  const runs = useServer((server) => server.runs);
  const paused = useServer((server) => server.paused);
  const running = runs.filter((run) => run.status === "running");
  const waiting = waitingRuns(runs);
  const over = runs.filter((run) => run.ended !== null).slice(0, LATELY);
  return (
    <div className="queue">
      <div className="queue-bar">
        <Act
          id={paused === null ? "run.pause" : "run.resume"}
          label={paused === null ? "Pause" : "Go on"}
          icon={paused === null ? Pause : Play}
        />
        {waiting.length > 0 && <Act id="run.clear" label="Cancel all that wait" icon={Trash2} />}
      </div>
      {paused !== null && (
        <p className="queue-paused" role="status">
          The queue rests. {paused}
        </p>
      )}
      {running.map((run) => (
        <RunningRow key={run.id} run={run} />
      ))}
      {waiting.length > 0 && (
        <section aria-labelledby="queue-waiting">
          <h3 id="queue-waiting">
            Waiting <small>{waiting.length}</small>
          </h3>
          <ol className="queue-list">
            {waiting.map((run, index) => (
              <QueueRow key={run.id} run={run} index={index} waiting={waiting} />
            ))}
          </ol>
        </section>
      )}
      {running.length === 0 && waiting.length === 0 && (
        <p className="queue-none">Nothing runs and nothing waits.</p>
      )}
      {over.length > 0 && <Lately runs={over} />}
    </div>
  );
}

function Lately({ runs }: { readonly runs: readonly Run[] }) {
  return (
    <section aria-labelledby="queue-over">
      <h3 id="queue-over">Ended lately</h3>
      <ul className="queue-list">
        {runs.map((run) => (
          <li key={run.id} className="queue-row">
            <Thumb run={run} />
            <span className="queue-words">
              <span>{statusText(run)}</span>
              <small title={run.reason}>{run.reason || agoText(run.created)}</small>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ActProps {
  readonly id: string;
  readonly label: string;
  readonly icon: typeof Pause;
}

function Act({ id, label, icon: Icon }: ActProps) {
  return (
    <button
      type="button"
      className="queue-act"
      onClick={() => {
        void runAction(id);
      }}
    >
      <Icon size={13} aria-hidden />
      {label}
    </button>
  );
}
