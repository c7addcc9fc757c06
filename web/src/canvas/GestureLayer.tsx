import { useEffect, useRef, type ReactNode } from "react";

import { useCanvas } from "../state/canvas";
import { activeTab } from "../state/tabs";
import { doubleClick, openMenu, middleClick } from "./gestures/clicks";
import { keepFocusOff, press, setCutting } from "./gestures/press";
import { walk } from "./gestures/walk";
import { notePointer } from "./useCamera";

/** The canvas as a thing to press, click and type on. All of it is heard here, before any part of the canvas does. */
export function GestureLayer({ children }: { readonly children: ReactNode }) {
  const stage = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = stage.current;
    return element ? listen(element) : undefined;
  }, []);
  const wiring = useCanvas((canvas) => canvas.wiring !== null);
  const cutting = useCanvas((canvas) => canvas.stroke !== null);
  const detail = useCanvas((canvas) => canvas.detail);
  return (
    <div
      ref={stage}
      className="canvas"
      data-wiring={wiring || undefined}
      data-cutting={cutting || undefined}
      data-detail={detail}
    >
      {children}
    </div>
  );
}

function listen(stage: HTMLElement): () => void {
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal };
  stage.addEventListener("pointerdown", press, options);
  stage.addEventListener("pointermove", notePointer, options);
  stage.addEventListener("mousedown", keepFocusOff, options);
  stage.addEventListener("dblclick", doubleClick, options);
  stage.addEventListener("contextmenu", openMenu, options);
  stage.addEventListener("auxclick", middleClick, options);
  stage.addEventListener("keydown", walk, options);
  stage.addEventListener("focusin", focused, options);
  stage.addEventListener("focusout", unfocused, options);
  stage.addEventListener("wheel", letScroll, { ...options, passive: true });
  window.addEventListener("keydown", hearCutKey, options);
  window.addEventListener("keyup", hearCutKey, options);
  return () => {
    stop.abort();
  };
}

function focused({ target }: FocusEvent): void {
  const node = target instanceof Element ? target.closest<HTMLElement>(".react-flow__node") : null;
  if (node?.dataset["id"] !== undefined) useCanvas.setState({ focused: node.dataset["id"] });
}

// A node that goes because it was deleted takes the focus with it; one that is only out of sight must not.
function unfocused({ relatedTarget }: FocusEvent): void {
  if (relatedTarget instanceof Element && relatedTarget.closest(".react-flow__node")) return;
  useCanvas.setState({ focused: null });
}

// A long text that is being typed scrolls itself; everywhere else the wheel is the canvas'.
function letScroll(event: WheelEvent): void {
  const field = event.target instanceof Element ? event.target.closest("textarea") : null;
  if (field && field === document.activeElement && field.scrollHeight > field.clientHeight && !event.ctrlKey)
    event.stopPropagation();
}

function hearCutKey(event: KeyboardEvent): void {
  if (event.key.toLowerCase() !== "y") return;
  const typing =
    event.target instanceof Element && event.target.matches("input, textarea, [contenteditable]");
  setCutting(
    event.type === "keydown" && !typing && !event.ctrlKey && !event.metaKey && activeTab().id !== "",
  );
}
