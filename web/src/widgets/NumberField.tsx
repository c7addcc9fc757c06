import { useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { evaluate } from "../graph/expression";
import type { Widget } from "../graph/specs";
import type { Kind } from "./Field";
import { dragged, share, shownNumber, stepOf, within } from "./number";

type NumberWidget = Extract<Widget, { kind: "Number" }>;

const STILL = 3; // pixels that a click may slip

/** A number: drag to set it, click to type it or a calculation, arrows to step. */
export function NumberField({ id, widget, value, setting, describedBy, invalid }: Kind<NumberWidget>) {
  const [typed, setTyped] = useState<string | null>(null);
  const drag = useRef<{ x: number; from: number; moved: boolean } | null>(null);
  const number = typeof value === "number" ? value : 0;
  const filled = share(number, widget);

  function take(text: string) {
    setTyped(null);
    const result = evaluate(text);
    if (result === null) return;
    setting.begin();
    setting.set(within(result, widget));
  }

  function press(event: PointerEvent<HTMLInputElement>) {
    if (typed !== null || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, from: number, moved: false };
    setting.begin();
  }

  function move(event: PointerEvent<HTMLInputElement>) {
    const from = drag.current;
    if (!from) return;
    const pixels = event.clientX - from.x;
    if (!from.moved && Math.abs(pixels) < STILL) return;
    from.moved = true;
    setting.set(
      within(from.from + dragged(pixels, widget, event.shiftKey, event.ctrlKey), widget, !event.shiftKey),
    );
  }

  function release(event: PointerEvent<HTMLInputElement>) {
    const from = drag.current;
    drag.current = null;
    if (!from || from.moved) return;
    setTyped(shownNumber(value));
    const element = event.currentTarget;
    requestAnimationFrame(() => {
      element.focus();
      element.select();
    });
  }

  function key(event: KeyboardEvent<HTMLInputElement>) {
    const far = event.shiftKey ? 10 : 1;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      event.preventDefault();
      setTyped(null);
      setting.begin();
      setting.set(within(number + (event.key === "ArrowUp" ? 1 : -1) * stepOf(widget) * far, widget));
    } else if (event.key === "Enter" && typed !== null) {
      take(event.currentTarget.value);
    } else if (event.key === "Escape" && typed !== null) {
      event.stopPropagation();
      setTyped(null);
    }
  }

  return (
    <div className="field-number nodrag">
      {filled !== null && <div className="field-fill" style={{ width: `${String(filled * 100)}%` }} />}
      <input
        id={id}
        className="field-input"
        role="spinbutton"
        inputMode="decimal"
        autoComplete="off"
        spellCheck={false}
        data-resting={typed === null || undefined}
        value={typed ?? shownNumber(value)}
        aria-valuenow={number}
        aria-valuemin={widget.minimum ?? undefined}
        aria-valuemax={widget.maximum ?? undefined}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => (drag.current = null)}
        onDoubleClick={(event) => {
          event.stopPropagation();
        }}
        onChange={(event) => {
          setTyped(event.target.value);
        }}
        onBlur={(event) => {
          if (typed !== null) take(event.target.value);
        }}
        onKeyDown={key}
      />
    </div>
  );
}
