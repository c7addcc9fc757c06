import { useLayoutEffect, useRef, type KeyboardEvent } from "react";

import type { Widget } from "../graph/specs";
import { changeWeight } from "../graph/weights";
import type { Kind } from "./Field";

type TextWidget = Extract<Widget, { kind: "Text" }>;

const WEIGHT_STEP = 0.05;

/** A text, on one line or several. Control and an arrow up or down weigh the chosen words of a prompt. */
export function TextField({ id, widget, value, setting, describedBy, invalid, spec }: Kind<TextWidget>) {
  const text = typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
  const shared = {
    id,
    className: "field-input field-text nodrag nopan nowheel",
    value: text,
    placeholder: typeof spec.default === "string" && spec.default ? spec.default : undefined,
    "aria-describedby": describedBy,
    "aria-invalid": invalid || undefined,
    onFocus: setting.begin,
    onDoubleClick: (event: { stopPropagation: () => void }) => {
      event.stopPropagation();
    },
    onChange: (event: { target: { value: string } }) => {
      setting.set(event.target.value);
    },
  };
  return widget.multiline ? (
    <Lines shared={shared} text={text} set={setting.set} />
  ) : (
    <input {...shared} type="text" autoComplete="off" />
  );
}

interface LinesProps {
  readonly shared: object;
  readonly text: string;
  readonly set: (text: string) => void;
}

function Lines({ shared, text, set }: LinesProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const choice = useRef<readonly [number, number] | null>(null);

  useLayoutEffect(() => {
    if (choice.current) area.current?.setSelectionRange(...choice.current);
    choice.current = null;
  }, [text]);

  function weigh(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (!(event.ctrlKey || event.metaKey) || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = event.currentTarget;
    const by = event.key === "ArrowUp" ? WEIGHT_STEP : -WEIGHT_STEP;
    const changed = changeWeight(text, selectionStart, selectionEnd, by);
    choice.current = [changed.start, changed.end];
    set(changed.text);
  }

  return <textarea {...shared} ref={area} rows={4} spellCheck={false} onKeyDown={weigh} />;
}
