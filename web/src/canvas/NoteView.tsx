import type { Node, NodeProps } from "@xyflow/react";
import { lazy, memo, Suspense, useEffect, useRef } from "react";

import { useCanvas } from "../state/canvas";
import { activeTab, editSheet, useTabs } from "../state/tabs";
import { chosenStyle } from "./colors";
import type { NoteContent } from "./model";

export type FlowNote = Node<{ readonly content: NoteContent }>;

const NoteText = lazy(() => import("./NoteText"));

/** A text on the canvas. */
export const NoteView = memo(
  function NoteView({ data: { content } }: NodeProps<FlowNote>) {
    const { id, note } = content;
    const chosen = useTabs((tabs) => activeTab(tabs).selection.has(id));
    const editing = useCanvas((canvas) => canvas.renaming === id);
    return (
      <article className="note" style={chosenStyle(note.color)} data-chosen={chosen || undefined}>
        {editing ? (
          <NoteEditor id={id} text={note.text} />
        ) : (
          <div className="note-text" data-rename={id}>
            <Suspense fallback={note.text}>
              <NoteText text={note.text} />
            </Suspense>
          </div>
        )}
        <span className="resize nodrag" data-resize={id} aria-hidden />
      </article>
    );
  },
  (before, after) => before.data.content === after.data.content,
);

function NoteEditor({ id, text }: { readonly id: string; readonly text: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
  }, []);
  return (
    <textarea
      ref={field}
      className="note-field nodrag nopan nowheel"
      defaultValue={text}
      aria-label="Text of the note, in Markdown"
      onBlur={(event) => {
        const written = event.currentTarget.value;
        useCanvas.setState({ renaming: null });
        if (written !== text)
          editSheet("Edit note", (sheet) => ({
            ...sheet,
            notes: (sheet.notes ?? []).map((one) => (one.id === id ? { ...one, text: written } : one)),
          }));
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
