/**
 * Undo: the way back to the documents that were. Of each only that is kept in which it differs from the one after it, so
 * that thousands of steps of a large document take little room; a step back or forth costs the same however many there are.
 * A gesture is one step: whoever drags or types commits once, or again and again under the same `gesture`.
 */

import type { Document } from "./document";
import { patchBetween, patched, type Patch } from "./patch";

export interface Step {
  readonly document: Document;
  /** What was done to come to it, in the user's words: "Move 3 nodes". */
  readonly label: string;
  /** Commits of the same gesture replace each other. */
  readonly gesture: string | null;
}

/** Steps that one can go to, the nearest first. */
export interface Steps {
  readonly length: number;
  /** The label of the nearest. */
  readonly label: string | null;
  readonly top: Turn | null;
  /** Those that are further away once there are very many; the farthest are forgotten. */
  readonly older: Steps | null;
}

interface Turn extends Omit<Step, "document"> {
  /** From the document that is there when it is this step's turn. */
  readonly patch: Patch;
  /** The document itself while somebody holds it, as a tab holds what was saved: it then comes back as the very same. */
  readonly same: WeakRef<Document>;
  readonly rest: Turn | null;
  readonly count: number;
}

export interface History {
  readonly past: Steps;
  readonly now: Step;
  readonly future: Steps;
}

/** At least so many steps are kept, and never twice as many. */
export const MOST_STEPS = 2000;

const NONE: Steps = { length: 0, label: null, top: null, older: null };

/** A history that begins with a document. */
export function begin(document: Document, label = "Open"): History {
  return { past: NONE, now: { document, label, gesture: null }, future: NONE };
}

/** The history after an edit. What had been undone is gone; a document that is the same makes no step. */
export function commit(
  history: History,
  document: Document,
  label: string,
  gesture: string | null = null,
): History {
  if (document === history.now.document) return history;
  const now = { document, label, gesture };
  const goesOn = gesture !== null && gesture === history.now.gesture;
  const back = goesOn ? taken(history.past, history.now.document) : { step: history.now, rest: history.past };
  return { past: back ? put(back.rest, back.step, document) : NONE, now, future: NONE };
}

/** One step back; the same history where there is none. */
export function undo(history: History): History {
  const back = taken(history.past, history.now.document);
  if (!back) return history;
  return { past: back.rest, now: back.step, future: put(history.future, history.now, back.step.document) };
}

/** One step forward again. */
export function redo(history: History): History {
  const forth = taken(history.future, history.now.document);
  if (!forth) return history;
  return { past: put(history.past, history.now, forth.step.document), now: forth.step, future: forth.rest };
}

// The steps with one more, to which one can come from that document.
function put(steps: Steps, { document, label, gesture }: Step, from: Document): Steps {
  const full = (steps.top?.count ?? 0) >= MOST_STEPS;
  const older = full ? { ...steps, older: null } : steps.older;
  const rest = full ? null : steps.top;
  const patch = patchBetween(from, document);
  return stepsOf(
    { patch, label, gesture, same: new WeakRef(document), rest, count: (rest?.count ?? 0) + 1 },
    older,
  );
}

function taken(steps: Steps, from: Document): { readonly step: Step; readonly rest: Steps } | null {
  const { top, older } = steps;
  if (!top) return null;
  const document = top.same.deref() ?? patched(from, top.patch);
  const rest = top.rest ? stepsOf(top.rest, older) : (older ?? NONE);
  return { step: { document, label: top.label, gesture: top.gesture }, rest };
}

function stepsOf(top: Turn, older: Steps | null): Steps {
  return { length: top.count + (older?.top?.count ?? 0), label: top.label, top, older };
}
