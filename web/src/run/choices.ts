/** How runs are sent: how many at a time, and whether by themselves. For as long as the page is open. */

import { create } from "zustand";

export interface RunChoices {
  /** How many runs the button sends. */
  readonly count: number;
  /** Run again whenever something changed that a run would show. */
  readonly onChange: boolean;
}

export const MOST_AT_ONCE = 100;

export const useRunChoices = create<RunChoices>(() => ({ count: 1, onChange: false }));

/** Send so many runs at a time. */
export function setCount(count: number): void {
  useRunChoices.setState({ count: Math.min(Math.max(Math.round(count), 1), MOST_AT_ONCE) });
}
