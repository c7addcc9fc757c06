/**
 * Nothing that was drawn is lost when a page or a browser goes: all tabs of a window are kept in the browser's database shortly
 * after each change, and come back when the window does. Each window keeps its own; a lock tells which window is still there.
 */

import { createStore, del, entries, get, set } from "idb-keyval";

import { say } from "../state/chrome";
import { freshId } from "../state/liveClient";
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

const OWN = "weft.session";
const LAST = "weft.last."; // what a window left behind as it went
const DELAY_MS = 400;
const LET_GO_MS = 1500;
const MONTH_MS = 30 * 24 * 3600 * 1000;
const store = createStore("weft", "sessions");

/** Bring back the tabs of the last time, and keep those of this window from now on. */
export async function keepTabs(): Promise<void> {
  try {
    const id = await ownSession();
    sessionStorage.setItem(OWN, id);
    keepUnder(id);
  } catch {
    say("This browser keeps nothing for this page: save your graphs before you close it.", "bad");
  }
}

function keepUnder(id: string): void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const write = () => {
    timer = null;
    set(id, sessionOf(), store).catch(() => {
      say("The browser's storage is full or broken: save your graphs before you close the page.", "bad");
    });
  };
  useTabs.subscribe((now, before) => {
    if (now !== before) timer ??= setTimeout(write, DELAY_MS);
  });
  globalThis.addEventListener("pagehide", () => {
    leave(id);
  });
}

// A page that goes has no time for the database; what is too large for the other place is there as of a moment before.
function leave(id: string): void {
  try {
    localStorage.setItem(LAST + id, JSON.stringify(sessionOf()));
  } catch {
    localStorage.removeItem(LAST + id);
  }
}

async function takeWhatWasLeft(): Promise<void> {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(LAST))) {
    const id = key.slice(LAST.length);
    const left = JSON.parse(localStorage.getItem(key) ?? "null") as Session | null;
    const kept = await get<Session>(id, store);
    if (left && left.at > (kept?.at ?? 0)) await set(id, left, store);
    localStorage.removeItem(key);
  }
}

// The session of this window if it was reloaded, else the newest one whose window is gone, else a new one.
async function ownSession(): Promise<string> {
  await takeWhatWasLeft();
  const known = (await entries<string, Session>(store)).sort(([, a], [, b]) => b.at - a.at);
  const mine = sessionStorage.getItem(OWN);
  for (const [id, session] of known) {
    if (mine !== null && id !== mine) continue;
    if (!(await locked(id, id === mine))) continue;
    bringBack(session);
    return lockable() ? id : freshId();
  }
  for (const [id, { at }] of known) if (Date.now() - at > MONTH_MS) await del(id, store);
  const id = freshId();
  await locked(id, false);
  return id;
}

// Pages without a secure context have no locks. They take a copy, so that two windows never write to one session.
function lockable(): boolean {
  return isSecureContext;
}

// Whether the lock is ours now; it is held until the window goes. A page that was reloaded waits for the one that it was before.
function locked(id: string, waits: boolean): Promise<boolean> {
  if (!lockable()) return Promise.resolve(true);
  const way: LockOptions = waits ? { signal: AbortSignal.timeout(LET_GO_MS) } : { ifAvailable: true };
  return new Promise((resolve) => {
    navigator.locks
      .request(`weft-session-${id}`, way, (lock) => {
        resolve(lock !== null);
        return lock === null ? undefined : new Promise(() => undefined);
      })
      .catch(() => {
        resolve(false);
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
