import { Columns2, ExternalLink, Trash2, Undo2 } from "lucide-react";

import type { Run } from "../state/server";
import { currentDocument, useTabs } from "../state/tabs";
import { Changes } from "./Changes";
import { restoreHere, restoreInTab } from "./documents";
import { forget } from "./queue";
import { compareShot, openLightbox } from "./shots";
import { fileUrl } from "./format";
import { Picture } from "./NodePictures";
import { useDocument } from "./useDocument";
import { runName, statusText } from "./words";

/** A run of the history, larger: its picture, and what would change if its graph came back. */
export function HistoryDetail({ run, here }: { readonly run: Run; readonly here: boolean }) {
  const now = useTabs(currentDocument);
  const then = useDocument(run.id);
  const { picture } = run;
  return (
    <section className="history-detail" aria-label={runName(run)}>
      <div className="history-head">
        {picture && (
          <button
            type="button"
            className="history-picture"
            aria-label="Look at its picture"
            onClick={() => {
              openLightbox([{ file: picture, run: run.id }], 0);
            }}
          >
            <Picture url={fileUrl(picture)} alt="" />
          </button>
        )}
        <div className="history-words">
          <strong>{runName(run)}</strong>
          <span>{statusText(run)}</span>
          {run.reason && <span className="history-reason">{run.reason}</span>}
        </div>
        {run.ended !== null && (
          <button
            type="button"
            className="queue-icon history-forget"
            aria-label="Forget this run; its files stay"
            title="Forget this run; its files stay"
            onClick={() => {
              void forget(run.id);
            }}
          >
            <Trash2 size={13} aria-hidden />
          </button>
        )}
      </div>
      <div className="history-changes">
        {then && <Changes before={now} after={then} most={8} />}
        {then === null && <p className="changes-none">Its graph is not there any more.</p>}
      </div>
      <div className="queue-bar">
        {!here && (
          <button type="button" className="queue-act" onClick={() => void restoreHere(run.id)}>
            <Undo2 size={13} aria-hidden />
            Back
          </button>
        )}
        <button type="button" className="queue-act" onClick={() => void restoreInTab(run.id, runName(run))}>
          <ExternalLink size={13} aria-hidden />
          New tab
        </button>
        {picture && (
          <button
            type="button"
            className="queue-act"
            onClick={() => {
              compareShot({ file: picture, run: run.id });
            }}
          >
            <Columns2 size={13} aria-hidden />
            Compare
          </button>
        )}
      </div>
    </section>
  );
}
