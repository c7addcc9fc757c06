import { ChevronsUp, GripVertical, X } from "lucide-react";
import { useState, type DragEvent, type KeyboardEvent } from "react";

import { useServer, type Run } from "../state/server";
import { agoText } from "./format";
import { cancelOne, moveRun, placeAt } from "./queue";
import { Thumb } from "./Thumb";

const KIND = "application/x-weft-run";

interface QueueRowProps {
  readonly run: Run;
  readonly index: number;
  readonly waiting: readonly Run[];
}

/** A run that waits. It is moved by dragging, or with Alt and the arrows. */
export function QueueRow({ run, index, waiting }: QueueRowProps) {
  const [over, setOver] = useState(false);
  const parent = useServer((server) => server.runs.find((one) => one.id === run.parent)?.picture ?? null);
  const move = (id: string, to: number) => {
    const place = placeAt(waiting, id, Math.min(Math.max(to, 0), waiting.length - 1));
    if (place) void moveRun(id, place);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Delete") void cancelOne(run.id);
    else if (event.altKey && event.key === "ArrowUp") move(run.id, index - 1);
    else if (event.altKey && event.key === "ArrowDown") move(run.id, index + 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    const id = event.dataTransfer.getData(KIND);
    if (id) move(id, index);
  };
  return (
    // Dragging is for the mouse; the grip has the same for the keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <li
      className="queue-row"
      data-over={over || undefined}
      draggable
      onDragStart={(event) => {
        event.dataTransfer.setData(KIND, run.id);
        event.dataTransfer.effectAllowed = "move";
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(KIND)) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={drop}
    >
      <button
        type="button"
        className="queue-grip"
        aria-label={`Run ${index + 1} of ${waiting.length}. Move it with Alt and the arrows, cancel it with Delete.`}
        onKeyDown={onKeyDown}
      >
        <GripVertical size={13} aria-hidden />
      </button>
      <Thumb run={run} file={parent} />
      <span className="queue-words">
        <span>
          {index + 1}. {run.priority > 0 ? "First of all" : "Waiting"}
        </span>
        <small>{agoText(run.created)}</small>
      </span>
      <button
        type="button"
        className="queue-icon"
        aria-pressed={run.priority > 0}
        aria-label="First of all"
        title="Before all others, whatever their place"
        onClick={() => {
          void moveRun(run.id, { priority: run.priority > 0 ? 0 : 1, number: run.number });
        }}
      >
        <ChevronsUp size={14} aria-hidden />
      </button>
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
    </li>
  );
}
