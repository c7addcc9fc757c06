import { X } from "lucide-react";

import { shareOf } from "../state/liveRun";
import { useLive } from "../state/liveStore";
import type { Run } from "../state/server";
import { cancelOne } from "./queue";
import { Thumb } from "./Thumb";

/** The run that goes on: how far it is, its newest preview, and the way to stop it. */
export function RunningRow({ run }: { readonly run: Run }) {
  const state = useLive((live) => live.runs[run.id]);
  const share = state ? (shareOf(state) ?? 0) : 0;
  const done = state ? Object.values(state.progress).filter(({ state: of }) => of === "finished").length : 0;
  const preview = state && Object.values(state.previews).at(-1);
  return (
    <section className="queue-running" aria-label="Running">
      {preview ? (
        <span className="thumb">
          <img src={preview} alt="" />
        </span>
      ) : (
        <Thumb run={run} />
      )}
      <span className="queue-words">
        <span>Running</span>
        <small>{state ? `${Math.floor(share * 100)} %, ${done} nodes done` : "sent by another client"}</small>
      </span>
      <button
        type="button"
        className="queue-icon"
        aria-label="Cancel this run"
        title="Cancel this run"
        onClick={() => {
          void cancelOne(run.id);
        }}
      >
        <X size={14} aria-hidden />
      </button>
      <span className="run-bar">
        <span style={{ transform: `scaleX(${share})` }} />
      </span>
    </section>
  );
}
