import { useEffect, useRef } from "react";

export interface TitleFieldProps {
  readonly title: string;
  readonly label: string;
  /** The text when it is done with; null if the user turned back. */
  readonly onDone: (text: string | null) => void;
}

/** A title while it is being typed. */
export function TitleField({ title, label, onDone }: TitleFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    field.current?.select();
  }, []);
  const finish = (text: string | null) => {
    if (done.current) return;
    done.current = true;
    onDone(text);
  };
  return (
    <input
      ref={field}
      className="title-field nodrag nopan"
      defaultValue={title}
      aria-label={label}
      onBlur={(event) => {
        finish(event.currentTarget.value.trim());
      }}
      onDoubleClick={(event) => {
        event.stopPropagation();
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Enter") finish(event.currentTarget.value.trim());
        if (event.key === "Escape") finish(null);
      }}
    />
  );
}
