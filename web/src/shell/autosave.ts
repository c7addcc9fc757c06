/**
 * Nothing that was drawn is lost when a page or a browser goes: all tabs of a window are kept in the browser's database shortly
 * after each change, and come back when the window does. Each window keeps its own; a lock tells which window is still there.
 */

import { createStore, del, entries, set } from "idb-keyval";

import { newTab, useTabs, type Tab } from "../state/tabs";
import type { Document } from "../graph/document";

interface KeptTab {
  readonly name: string;
  readonly file: string | null;
  readonly document: Document;
  readonly saved: boolean;
  readonly parent: string | null;
}

interface Session {
  readonly at: number;
  readonly active: number;
  readonly tabs: readonly KeptTab[];
}

const DELAY_MS = 400;
const MONTH_MS = 30 * 24 * 3600 * 1000;
const store = createStore("weft", "sessions");

/** Bring back the tabs of the last time, and keep those of this window from now on. */
export async function keepTabs(): Promise<void> {
  const id = await ownSession();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const write = () => {
    timer = null;
    void set(id, sessionOf(), store);
  };
  useTabs.subscribe((now, before) => {
    if (now === before || timer !== null) return;
    timer = setTimeout(write, DELAY_MS);
  });
  globalThis.addEventListener("pagehide", write);
}

// The session of this window if it was reloaded, else the newest one whose window is gone, else a new one.
async function ownSession(): Promise<string> {
  const known = (await entries<string, Session>(store)).sort(([, a], [, b]) => b.at - a.at);
  const mine = sessionStorage.getItem("weft.session");
  for (const [id, session] of known) {
    if (mine !== null && id !== mine) continue;
    if (!(await locked(id))) continue;
    bringBack(session);
    sessionStorage.setItem("weft.session", id);
    return id;
  }
  for (const [id, { at }] of known) if (Date.now() - at > MONTH_MS) await del(id, store);
  const id = crypto.randomUUID();
  await locked(id);
  sessionStorage.setItem("weft.session", id);
  return id;
}

// Whether the lock is ours now. It is held until the window goes.
function locked(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    void navigator.locks.request(`weft-session-${id}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => undefined);
    });
  });
}

function bringBack({ tabs, active }: Session): void {
  const back = tabs.map((kept): Tab => {
    const { name, file, document, parent, saved } = kept;
    return {
      ...newTab(document, name, { file, parent }),
      ...(saved ? {} : { saved: { weft: 2, nodes: {} } }),
    };
  });
  const shown = back[active] ?? back[0];
  if (shown) useTabs.setState({ tabs: back, active: shown.id });
}

function sessionOf(): Session {
  const { tabs, active } = useTabs.getState();
  return {
    at: Date.now(),
    active: tabs.findIndex((tab) => tab.id === active),
    tabs: tabs.map(({ name, file, history, saved, parent }) => ({
      name,
      file,
      document: history.now.document,
      saved: saved === history.now.document,
      parent,
    })),
  };
}
