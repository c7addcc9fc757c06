import "./controls.css";

import { Menu, MenuButton, MenuProvider, MenuSeparator } from "@ariakit/react";
import { ChevronDown, ListOrdered, Play, X } from "lucide-react";

import { allActions, runAction } from "../state/actions";
import { toggleLeft } from "../state/chrome";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { ActionItem } from "../shell/ActionItem";
import { MOST_AT_ONCE, setCount, useRunChoices } from "./choices";
import { RunProgress } from "./RunProgress";

const MORE: readonly (readonly string[])[] = [
  ["run.here", "run.front"],
  ["run.onChange", "run.sweep"],
  ["run.pause", "run.resume", "run.clear"],
];

/** Run, how often, how far it is, cancel, and what waits. */
export function RunControls() {
  const going = useServer((server) => server.runs.some((run) => run.status === "running"));
  const sending = useLive((live) => live.sending > 0);
  return (
    <div className="run" role="group" aria-label="Run">
      <RunProgress />
      {(going || sending) && (
        <button
          type="button"
          className="run-cancel"
          aria-label="Cancel the run"
          title="Cancel the run"
          onClick={() => {
            void runAction("run.cancel");
          }}
        >
          <X size={14} aria-hidden />
        </button>
      )}
      <Waiting />
      <div className="run-split">
        <button
          type="button"
          className="run-button"
          data-sending={sending || undefined}
          onClick={() => {
            void runAction("run.run");
          }}
        >
          <Play size={13} fill="currentcolor" aria-hidden />
          Run
        </button>
        <Count />
        <More />
      </div>
    </div>
  );
}

function Count() {
  const count = useRunChoices((choices) => choices.count);
  return (
    <input
      type="number"
      className="run-count"
      aria-label="How many runs at a time"
      title="How many runs at a time"
      min={1}
      max={MOST_AT_ONCE}
      value={count}
      onChange={(event) => {
        if (event.target.value !== "") setCount(Number(event.target.value));
      }}
    />
  );
}

function Waiting() {
  const waiting = useServer((server) => server.runs.filter((run) => run.status === "queued").length);
  const paused = useServer((server) => server.paused);
  if (waiting === 0 && paused === null) return null;
  return (
    <button
      type="button"
      className="run-queue"
      data-paused={paused !== null || undefined}
      title={paused ?? "Open the queue"}
      onClick={() => {
        toggleLeft("queue");
      }}
    >
      <ListOrdered size={13} aria-hidden />
      {paused !== null ? `Paused, ${waiting} waiting` : `${waiting} waiting`}
    </button>
  );
}

function More() {
  const onChange = useRunChoices((choices) => choices.onChange);
  return (
    <MenuProvider>
      <MenuButton className="run-more" aria-label="More ways to run" data-on={onChange || undefined}>
        <ChevronDown size={14} aria-hidden />
      </MenuButton>
      <Menu portal gutter={6} className="menu" unmountOnHide>
        {MORE.map((ids, index) => (
          <div key={ids.join(" ")} role="presentation">
            {index > 0 && <MenuSeparator className="menu-line" />}
            {allActions()
              .filter((action) => ids.includes(action.id) && (action.when?.() ?? true))
              .map((action) => (
                <ActionItem key={action.id} action={action} />
              ))}
          </div>
        ))}
      </Menu>
    </MenuProvider>
  );
}
