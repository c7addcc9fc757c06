import "./overlay.css";

import { lazy, Suspense, useEffect, useLayoutEffect, useRef, type ReactNode } from "react";

import { closeOverlay, leaveOverlay, stayOverlay, useOverlay, type Spot } from "./overlay";

const Peek = lazy(async () => ({ default: (await import("./LinkPeek")).LinkPeek }));
const Why = lazy(async () => ({ default: (await import("./WhyPanel")).WhyPanel }));

const EDGE = 8; // pixels between what hovers and the edge of the page

/** What hovers over the canvas: why a node runs, or what a link carries. */
export function Overlays() {
  const why = useOverlay((overlay) => overlay.why);
  const peek = useOverlay((overlay) => overlay.peek);
  if (why)
    return (
      <Hover key={why.flat} spot={why} pinned={why.pinned} label="Why this node runs">
        <Why flat={why.flat} />
      </Hover>
    );
  if (peek)
    return (
      <Hover key={`${peek.flat}:${peek.output}`} spot={peek} pinned={peek.pinned} label="What flows here">
        <Peek flat={peek.flat} output={peek.output} />
      </Hover>
    );
  return null;
}

interface HoverProps {
  readonly spot: Spot;
  readonly pinned: boolean;
  readonly label: string;
  readonly children: ReactNode;
}

function Hover({ spot, pinned, label, children }: HoverProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => (box.current ? keepInSight(box.current, spot) : undefined), [spot]);
  useEffect(() => {
    if (!pinned) return;
    const before = document.activeElement;
    box.current?.focus();
    const away = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) closeOverlay();
    };
    window.addEventListener("pointerdown", away, true);
    return () => {
      window.removeEventListener("pointerdown", away, true);
      if (before instanceof HTMLElement && document.activeElement === document.body) before.focus();
    };
  }, [pinned]);
  return (
    // The pointer may come into it, and Escape closes it; what can be used is within.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      ref={box}
      className="overlay"
      role={pinned ? "dialog" : "tooltip"}
      aria-label={label}
      tabIndex={-1}
      onPointerEnter={stayOverlay}
      onPointerLeave={leaveOverlay}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        closeOverlay();
      }}
    >
      <Suspense fallback={null}>{children}</Suspense>
    </div>
  );
}

// Its size is known only once it is there, and changes when its content has come.
function keepInSight(element: HTMLElement, { x, y }: Spot): () => void {
  const place = () => {
    const { offsetWidth: width, offsetHeight: height } = element;
    element.style.left = `${Math.max(EDGE, Math.min(x, window.innerWidth - width - EDGE))}px`;
    element.style.top = `${Math.max(EDGE, Math.min(y, window.innerHeight - height - EDGE))}px`;
  };
  place();
  const watching = new ResizeObserver(place);
  watching.observe(element);
  return () => {
    watching.disconnect();
  };
}
