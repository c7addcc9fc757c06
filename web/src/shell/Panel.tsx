import { X } from "lucide-react";
import { Suspense, type ReactNode } from "react";

import { Boundary } from "./Boundary";

interface PanelProps {
  readonly title: string;
  readonly side: "left" | "right";
  readonly close: () => void;
  readonly children: ReactNode;
}

/** The frame of a panel: its title, the way to close it, and its content once that is loaded. */
export function Panel({ title, side, close, children }: PanelProps) {
  return (
    <aside className="panel" data-side={side} aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        <button type="button" className="panel-close" aria-label={`Close ${title}`} onClick={close}>
          <X size={14} aria-hidden />
        </button>
      </header>
      <div className="panel-body">
        <Boundary>
          <Suspense fallback={<p className="panel-wait">Loading</p>}>{children}</Suspense>
        </Boundary>
      </div>
    </aside>
  );
}
