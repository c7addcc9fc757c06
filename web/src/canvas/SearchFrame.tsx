import { useEffect, useRef, type ReactNode } from "react";

import type { Point } from "../graph/document";

export interface SearchFrameProps {
  readonly label: string;
  readonly page: Point;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

const ROOM = { width: 620, height: 440 };

/** A box for a search at a point of the page. It closes on Escape, and when something else is pressed. */
export function SearchFrame({ label, page, onClose, children }: SearchFrameProps) {
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    frame.current?.querySelector("input")?.focus();
    const pressed = (event: PointerEvent) => {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) onClose();
    };
    window.addEventListener("pointerdown", pressed, true);
    return () => {
      window.removeEventListener("pointerdown", pressed, true);
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [onClose]);
  const left = Math.max(8, Math.min(page[0], window.innerWidth - ROOM.width - 8));
  const top = Math.max(8, Math.min(page[1], window.innerHeight - ROOM.height - 8));
  return (
    // Escape is for all that is within, and every part of it can be reached by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={frame}
      className="search-frame"
      role="dialog"
      aria-label={label}
      tabIndex={-1}
      style={{ left, top }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      {children}
    </div>
  );
}
