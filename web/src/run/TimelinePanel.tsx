import "./timeline.css";

import { Download } from "lucide-react";
import { useEffect, useState } from "react";

import { goTo } from "../shell/going";
import { call } from "../state/call";
import { useServer } from "../state/server";
import type { Answer } from "../wire/answer";
import { getTimeline } from "../wire/routes";
import type { TimelineShape } from "../wire/shapes";
import { memoryPath, rowsOf, stepFor, type BarRow } from "./bars";
import { bytesText, secondsText } from "./format";
import { useTitle } from "./nodes";

const MOST = 300; // rows

/** When what was done in the run that is shown: each node's loading, computing, waiting and saving, and the memory. */
export function TimelinePanel() {
  const run = useServer((server) => server.shownRun);
  const over = useServer((server) => server.runs.find((one) => one.id === run)?.ended ?? null);
  const found = useTimeline(run, over);
  if (run === null) return <p className="timeline-none">Run the graph to see what took how long.</p>;
  if (!found) return <p className="timeline-none">Looking</p>;
  if (!found.ok) return <p className="timeline-none">{`${found.refusal.message} ${found.refusal.hint}`}</p>;
  return <Timeline timeline={found.value} run={run} />;
}

function useTimeline(run: string | null, over: number | null): Answer<TimelineShape> | null {
  const [found, setFound] = useState<{ run: string; answer: Answer<TimelineShape> } | null>(null);
  useEffect(() => {
    if (run === null) return;
    const giving = new AbortController();
    void getTimeline(call, run, giving.signal).then((answer) => {
      if (!giving.signal.aborted) setFound({ run, answer });
    });
    return () => {
      giving.abort();
    };
  }, [run, over]);
  return found?.run === run ? found.answer : null;
}

function Timeline({ timeline, run }: { readonly timeline: TimelineShape; readonly run: string }) {
  const rows = rowsOf(timeline, MOST);
  const seconds = Math.max(timeline.seconds, ...timeline.spans.map((span) => span.end));
  const lanes = new Set(rows.map((row) => row.lane)).size;
  return (
    <div className="timeline">
      <header className="timeline-head">
        <strong>{secondsText(seconds)}</strong>
        <span>{lanes > 1 ? `${rows.length} nodes on ${lanes} threads` : `${rows.length} nodes`}</span>
        <a
          className="queue-act"
          href={`api/runs/${encodeURIComponent(run)}/timeline?format=chrome`}
          download={`weft-${run.slice(0, 8)}.trace.json`}
        >
          <Download size={13} aria-hidden />
          Trace
        </a>
      </header>
      {rows.length > 0 ? (
        <Scale seconds={seconds} />
      ) : (
        <p className="timeline-none">Nothing had to be computed: all of it came from the cache.</p>
      )}
      <ol className="timeline-rows">
        {rows.map((row) => (
          <TimelineRow key={row.node} row={row} />
        ))}
      </ol>
      {timeline.memory.length > 1 && <Memory timeline={timeline} seconds={seconds} />}
      {rows.length > 0 && <Key />}
    </div>
  );
}

function Scale({ seconds }: { readonly seconds: number }) {
  const step = stepFor(seconds, 4);
  const marks = Array.from({ length: Math.floor(seconds / step) + 1 }, (_, index) => index * step);
  return (
    <div className="timeline-scale" aria-hidden>
      {marks.map((mark) => (
        <span key={mark} style={{ left: `${(mark / seconds) * 100}%` }}>
          {Number(mark.toPrecision(3))} s
        </span>
      ))}
    </div>
  );
}

function TimelineRow({ row }: { readonly row: BarRow }) {
  const title = useTitle(row.node);
  const bars = row.bars.map((bar) => `${bar.what} ${secondsText(bar.seconds)}`);
  return (
    <li>
      <button
        type="button"
        className="timeline-row"
        title={bars.join("\n")}
        onClick={() => {
          goTo(row.node);
        }}
      >
        <span className="timeline-name">{title}</span>
        <span className="timeline-track">
          {row.bars.map((bar, index) => (
            <span
              key={index}
              data-what={bar.what}
              style={{ left: `${bar.left * 100}%`, width: `max(2px, ${bar.width * 100}%)` }}
            />
          ))}
        </span>
        <span className="timeline-time">{secondsText(row.seconds)}</span>
        <span className="unseen">{bars.join(", ")}. Go to it.</span>
      </button>
    </li>
  );
}

function Memory({ timeline, seconds }: { readonly timeline: TimelineShape; readonly seconds: number }) {
  const most = Math.max(...timeline.memory.map(([, bytes]) => bytes));
  const path = memoryPath(timeline.memory, seconds, most * 1.05);
  return (
    <figure className="timeline-memory">
      <figcaption>
        Memory <span>up to {bytesText(most)}</span>
      </figcaption>
      <svg
        viewBox="0 0 1 1"
        preserveAspectRatio="none"
        role="img"
        aria-label={`Memory, up to ${bytesText(most)}`}
      >
        <path className="timeline-area" d={`${path}V1H0Z`} />
        <path className="timeline-curve" d={path} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}

const WORDS = { load: "loads", compute: "computes", wait: "waits", save: "saves" } as const;

function Key() {
  return (
    <ul className="timeline-key">
      {Object.entries(WORDS).map(([what, word]) => (
        <li key={what}>
          <span data-what={what} />
          {word}
        </li>
      ))}
    </ul>
  );
}
