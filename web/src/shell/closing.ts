/** Closing tabs. A closed tab can be opened again, with all its undo steps. */

import { say } from "../state/chrome";
import { newTab, useTabs, type Tab } from "../state/tabs";

const closed: Tab[] = [];
const MOST = 20;

/** Close a tab; where it was the last one an empty one takes its place. */
export function closeTab(id: string): void {
  const { tabs, active } = useTabs.getState();
  const at = tabs.findIndex((tab) => tab.id === id);
  const tab = tabs[at];
  if (!tab) return;
  closed.push(tab);
  if (closed.length > MOST) closed.shift();
  const left = tabs.filter((one) => one !== tab);
  const next = left.length > 0 ? left : [newTab()];
  const shown = id === active ? (next[Math.max(0, at - 1)] ?? next[0])?.id : active;
  useTabs.setState({ tabs: next, active: shown ?? active });
  if (tab.saved !== tab.history.now.document) say(`${tab.name} was closed. Ctrl+Shift+T opens it again.`);
}

/** Open the tab again that was closed last. */
export function reopenTab(): void {
  const tab = closed.pop();
  if (tab) useTabs.setState((state) => ({ tabs: [...state.tabs, tab], active: tab.id }));
}

/** Whether there is a tab to open again. */
export function canReopen(): boolean {
  return closed.length > 0;
}
