import { Undo2 } from "lucide-react";
import { useShallow } from "zustand/react/shallow";

import type { Literal } from "../graph/document";
import type { Axis } from "../graph/sweep";
import { describe } from "../graph/titles";
import { closeDialog } from "../shell/Modal";
import { shareOf } from "../state/liveRun";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { restoreHere } from "./documents";
import { fileUrl } from "./format";
import { Picture } from "./NodePictures";
import { openLightbox, shotsOf } from "./shots";
import { statusText } from "./words";

interface SweepGridProps {
  readonly axes: readonly Axis[];
  readonly runs: readonly string[];
}

/** What came of a sweep, in rows and columns of its values; it fills in as the runs end. */
export function SweepGrid({ axes, runs }: SweepGridProps) {
  const [down, across] = axes;
  const columns: readonly (Literal | null)[] = across?.values ?? [null];
  return (
    <div className="sweep-scroll">
      <table className="sweep-grid">
        {across && (
          <thead>
            <tr>
              <td />
              {across.values.map((value, index) => (
                <th key={index} scope="col">
                  {across.input} {describe(value, 28)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {down?.values.map((value, row) => (
            <tr key={row}>
              <th scope="row">
                {down.input} {describe(value, 28)}
              </th>
              {columns.map((_, column) => (
                <Cell key={column} id={runs[row * columns.length + column]} all={runs} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Cell({ id, all }: { readonly id: string | undefined; readonly all: readonly string[] }) {
  const run = useServer((server) => server.runs.find((one) => one.id === id));
  const share = useLive((live) => {
    const state = id === undefined ? undefined : live.runs[id];
    return state ? shareOf(state) : null;
  });
  const shots = useServer(
    useShallow((server) => all.flatMap((one) => server.runs.find((known) => known.id === one) ?? [])),
  );
  if (!run || id === undefined) return <td className="sweep-cell" />;
  if (!run.picture)
    return (
      <td className="sweep-cell" data-status={run.status} title={run.reason}>
        <span className="sweep-state">
          {run.status === "running" && share !== null ? `${Math.floor(share * 100)} %` : statusText(run)}
        </span>
      </td>
    );
  const pictures = shotsOf(shots);
  return (
    <td className="sweep-cell" data-status={run.status}>
      <button
        type="button"
        className="sweep-picture"
        aria-label={`Look at it. ${statusText(run)}`}
        onClick={() => {
          openLightbox(
            pictures,
            pictures.findIndex((shot) => shot.run === id),
          );
        }}
      >
        <Picture url={fileUrl(run.picture)} alt="" />
      </button>
      <button
        type="button"
        className="sweep-back"
        title="Bring this one's graph back"
        aria-label="Bring this one's graph back"
        onClick={() => {
          closeDialog();
          void restoreHere(id);
        }}
      >
        <Undo2 size={13} aria-hidden />
      </button>
    </td>
  );
}
