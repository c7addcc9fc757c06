import "./lightbox.css";

import { Dialog } from "@ariakit/react";
import { ChevronLeft, ChevronRight, Columns2, Download, ExternalLink, Undo2, X } from "lucide-react";
import { useState, type KeyboardEvent } from "react";

import { closeDialog } from "../shell/Modal";
import { openDialog, useChrome } from "../state/chrome";
import { useServer } from "../state/server";
import { restoreHere, restoreInTab } from "./documents";
import { fileUrl, mediaOf } from "./format";
import { compareShot, type LightboxSubject, type Shot } from "./shots";
import { statusText } from "./words";
import { ZoomedPicture } from "./ZoomedPicture";

/** A picture as large as the page, and those beside it. Arrows go on, plus and minus come closer. */
export function Lightbox() {
  const subject = useChrome((chrome) => chrome.subject) as LightboxSubject | null;
  const shots = subject?.shots ?? [];
  const [at, setAt] = useState(subject?.at ?? 0);
  const shot = shots[at];
  if (!shot) return null;
  const step = (by: number) => {
    setAt((before) => (before + by + shots.length) % shots.length);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "Home") setAt(0);
    else if (event.key === "End") setAt(shots.length - 1);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog
      open
      onClose={close}
      className="lightbox"
      aria-label="Picture"
      backdrop={<div className="lightbox-backdrop" />}
      onKeyDown={onKeyDown}
    >
      <Bar shot={shot} at={at} count={shots.length} />
      <div className="lightbox-stage">
        {mediaOf(shot.file) === "video" ? (
          <video
            key={fileUrl(shot.file)}
            src={fileUrl(shot.file)}
            controls
            autoPlay
            loop
            aria-label={shot.file.filename}
          >
            <track kind="captions" />
          </video>
        ) : (
          <ZoomedPicture key={fileUrl(shot.file)} url={fileUrl(shot.file)} name={shot.file.filename} />
        )}
        {shots.length > 1 && (
          <>
            <Side
              label="Previous picture"
              icon={ChevronLeft}
              side="left"
              go={() => {
                step(-1);
              }}
            />
            <Side
              label="Next picture"
              icon={ChevronRight}
              side="right"
              go={() => {
                step(1);
              }}
            />
          </>
        )}
      </div>
    </Dialog>
  );
}

interface SideProps {
  readonly label: string;
  readonly icon: typeof ChevronLeft;
  readonly side: "left" | "right";
  readonly go: () => void;
}

function Side({ label, icon: Icon, side, go }: SideProps) {
  return (
    <button type="button" className="lightbox-side" data-side={side} aria-label={label} onClick={go}>
      <Icon size={22} aria-hidden />
    </button>
  );
}

interface BarProps {
  readonly shot: Shot;
  readonly at: number;
  readonly count: number;
}

function Bar({ shot, at, count }: BarProps) {
  const run = useServer((server) => server.runs.find((one) => one.id === shot.run));
  const id = shot.run;
  return (
    <header className="lightbox-bar">
      <span className="lightbox-name">
        {shot.file.filename}
        <small>
          {count > 1 && `${at + 1} of ${count}`}
          {run && ` ${statusText(run)}`}
        </small>
      </span>
      {id !== null && (
        <>
          <Act
            label="Bring its graph back"
            icon={Undo2}
            go={() => {
              leave(() => restoreHere(id));
            }}
          />
          <Act
            label="Open its graph in a new tab"
            icon={ExternalLink}
            go={() => {
              leave(() => restoreInTab(id, shot.file.filename));
            }}
          />
        </>
      )}
      <Act
        label="Compare"
        icon={Columns2}
        go={() => {
          leave(() => {
            compareShot(shot);
          });
        }}
      />
      <a
        className="lightbox-act"
        href={fileUrl(shot.file)}
        download={shot.file.filename}
        aria-label="Download"
        title="Download"
      >
        <Download size={16} aria-hidden />
      </a>
      <Act label="Close" icon={X} go={close} />
    </header>
  );
}

// Back to where it was opened from.
function close(): void {
  const back = (useChrome.getState().subject as LightboxSubject | null)?.back ?? null;
  if (back === null) closeDialog();
  else openDialog(back);
}

function leave(then: () => unknown): void {
  closeDialog();
  then();
}

interface ActProps {
  readonly label: string;
  readonly icon: typeof X;
  readonly go: () => void;
}

function Act({ label, icon: Icon, go }: ActProps) {
  return (
    <button type="button" className="lightbox-act" aria-label={label} title={label} onClick={go}>
      <Icon size={16} aria-hidden />
    </button>
  );
}
