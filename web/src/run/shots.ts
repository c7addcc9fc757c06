/** Pictures that runs have made, and the ways to look at them. */

import { openDialog, say, useChrome, type Dialog } from "../state/chrome";
import type { Run } from "../state/server";
import type { FileRef } from "../wire/shapes";
import { create } from "zustand";

/** A picture, and the run that made it where that is known. */
export interface Shot {
  readonly file: FileRef;
  readonly run: string | null;
}

/** What the lightbox is about: some pictures, and the one that is shown first. */
export interface LightboxSubject {
  readonly shots: readonly Shot[];
  readonly at: number;
  /** The dialog from which it was opened, to come back to. */
  readonly back: Dialog | null;
}

export interface Comparing {
  readonly a: Shot | null;
  readonly b: Shot | null;
}

export const useComparing = create<Comparing>(() => ({ a: null, b: null }));

/** Look at pictures, one of them first. */
export function openLightbox(shots: readonly Shot[], at: number): void {
  const { dialog } = useChrome.getState();
  const back = dialog === "lightbox" ? null : dialog;
  openDialog("lightbox", { shots, at, back } satisfies LightboxSubject);
}

/** Put a picture beside another: the first one that is given is A, the next B, which can be exchanged. */
export function compareShot(shot: Shot): void {
  const { a } = useComparing.getState();
  useComparing.setState(a === null || sameShot(a, shot) ? { a: shot } : { b: shot });
  useChrome.setState({ right: "compare" });
  if (useComparing.getState().b === null) say("This is A. Choose another picture to compare it with.");
}

/** The two that are beside each other: what was chosen, and for what was not the newest picture that is another one. */
export function pairOf({ a, b }: Comparing, shots: readonly Shot[]): Comparing {
  const right = b ?? shots.find((shot) => a === null || !sameShot(shot, a)) ?? null;
  const left = a ?? shots.find((shot) => right === null || !sameShot(shot, right)) ?? null;
  return { a: left, b: right };
}

/** Whether two are the same file. */
export function sameShot(one: Shot, other: Shot): boolean {
  return (
    one.file.filename === other.file.filename &&
    one.file.subfolder === other.file.subfolder &&
    one.file.type === other.file.type
  );
}

/** The first pictures of runs, in their order. */
export function shotsOf(runs: readonly Run[]): readonly Shot[] {
  return runs.flatMap((run) => (run.picture ? [{ file: run.picture, run: run.id }] : []));
}
