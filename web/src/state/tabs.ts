/** The open documents. All edits of a document go through `edit`, so that undo knows of each. */

import { create } from "zustand";

import { sheetAt, withSheet, EMPTY, type Document, type Sheet, type SheetId } from "../graph/document";
import { begin, commit, redo, undo, type History } from "../graph/history";

/** Where in the document the user is: the instances that were entered, outermost first. */
export interface Entered {
  readonly instance: string;
  readonly subgraph: string;
}

export interface View {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Tab {
  readonly id: string;
  readonly name: string;
  /** The file below the user's workflows that it was opened from or saved to. */
  readonly file: string | null;
  readonly history: History;
  readonly entered: readonly Entered[];
  /** Ids of nodes, notes and groups of the sheet that is shown. */
  readonly selection: ReadonlySet<string>;
  readonly views: Readonly<Record<string, View>>;
  /** The document as it was last saved: what differs from it is not saved yet. */
  readonly saved: Document;
  /** The run that this document came from: the parent of its next one. */
  readonly parent: string | null;
}

export interface Tabs {
  readonly tabs: readonly Tab[];
  readonly active: string;
}

let count = 0;

/** A tab with a document in it. */
export function newTab(document: Document = EMPTY, name = "Untitled", rest: Partial<Tab> = {}): Tab {
  count += 1;
  return {
    id: `${Date.now().toString(36)}-${count}`,
    name,
    file: null,
    history: begin(document),
    entered: [],
    selection: new Set(),
    views: {},
    saved: document,
    parent: null,
    ...rest,
  };
}

const first = newTab();

export const useTabs = create<Tabs>(() => ({ tabs: [first], active: first.id }));

/** The tab that is shown. */
export function activeTab({ tabs, active }: Tabs = useTabs.getState()): Tab {
  const found = tabs.find((tab) => tab.id === active) ?? tabs[0];
  if (!found) throw new Error("There is always a tab.");
  return found;
}

/** The document of the tab that is shown, as it is now. */
export function currentDocument(state: Tabs = useTabs.getState()): Document {
  return activeTab(state).history.now.document;
}

/** Which sheet of its document a tab shows. */
export function sheetIdOf(tab: Tab): SheetId {
  return tab.entered.at(-1)?.subgraph ?? null;
}

/** The sheet that is shown. */
export function currentSheet(state: Tabs = useTabs.getState()): Sheet {
  const tab = activeTab(state);
  const { document } = tab.history.now;
  return sheetAt(document, sheetIdOf(tab)) ?? document;
}

/** Change the tab that is shown, or another one, in whatever is no edit of the document. */
export function changeTab(change: (tab: Tab) => Partial<Tab>, id?: string): void {
  useTabs.setState((state) => ({
    tabs: state.tabs.map((tab) =>
      tab.id === (id ?? activeTab(state).id) ? { ...tab, ...change(tab) } : tab,
    ),
  }));
}

/** One undoable step: the label says what was done. Steps of one `gesture` become one. */
export function edit(
  label: string,
  change: (document: Document) => Document,
  gesture: string | null = null,
): void {
  changeTab((tab) => ({ history: commit(tab.history, change(tab.history.now.document), label, gesture) }));
}

/** The same for the sheet that is shown. */
export function editSheet(
  label: string,
  change: (sheet: Sheet) => Sheet,
  gesture: string | null = null,
): void {
  const id = sheetIdOf(activeTab());
  edit(
    label,
    (document) => {
      const sheet = sheetAt(document, id);
      if (!sheet) return document;
      const next = change(sheet);
      return next === sheet ? document : withSheet(document, id, next);
    },
    gesture,
  );
}

/** Take back the last step of the tab that is shown. */
export function undoStep(): void {
  changeTab((tab) => inSight({ ...tab, history: undo(tab.history) }));
}

/** Do again what was taken back. */
export function redoStep(): void {
  changeTab((tab) => inSight({ ...tab, history: redo(tab.history) }));
}

/** Choose nodes, groups and notes of the sheet that is shown. */
export function select(ids: Iterable<string>): void {
  changeTab(() => ({ selection: new Set(ids) }));
}

/** Show another tab. */
export function showTab(id: string): void {
  useTabs.setState({ active: id });
}

/** Open a document in a new tab and show it. */
export function openTab(document: Document, name: string, rest: Partial<Tab> = {}): Tab {
  const tab = newTab(document, name, rest);
  useTabs.setState((state) => ({ tabs: [...state.tabs, tab], active: tab.id }));
  return tab;
}

// A subgraph that the user is in may have been made by the step that is taken back.
function inSight(tab: Tab): Tab {
  const { document } = tab.history.now;
  const gone = tab.entered.findIndex((one) => !sheetAt(document, one.subgraph));
  return gone < 0 ? tab : { ...tab, entered: tab.entered.slice(0, gone), selection: new Set() };
}
