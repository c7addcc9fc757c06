/** Which keys do what: the actions' own keys unless the user chose others. */

import { tinykeys } from "tinykeys";

import { allActions, runAction, type Action } from "../state/actions";
import { useChrome } from "../state/chrome";

/** The keys of an action as they are now. */
export function keysOf(
  action: Action,
  chosen: Readonly<Record<string, readonly string[]>>,
): readonly string[] {
  return chosen[action.id] ?? action.keys ?? [];
}

/** Have the window listen to the keys of all actions, and to others whenever the user's choice changes. Gives the way to stop. */
export function listenToKeys(target: Window): () => void {
  let stop = bind(target);
  const forget = useChrome.subscribe((now, before) => {
    if (now.choices.keys === before.choices.keys) return;
    stop();
    stop = bind(target);
  });
  return () => {
    forget();
    stop();
  };
}

/** Actions that share a key, by that key: only one of them can have it. */
export function clashes(
  chosen: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, readonly Action[]> {
  const byKey = new Map<string, Action[]>();
  for (const action of allActions())
    for (const key of keysOf(action, chosen)) byKey.set(key, [...(byKey.get(key) ?? []), action]);
  return new Map([...byKey].filter(([, actions]) => actions.length > 1));
}

/** The keys as they are printed on the keyboard. */
export function keyText(keys: string): string {
  const mac = navigator.userAgent.includes("Mac");
  const names: Record<string, string> = {
    $mod: mac ? "⌘" : "Ctrl",
    Control: "Ctrl",
    Meta: mac ? "⌘" : "Win",
    Alt: mac ? "⌥" : "Alt",
    Shift: mac ? "⇧" : "Shift",
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    Escape: "Esc",
    " ": "Space",
  };
  return keys
    .split(" ")
    .map((press) =>
      press
        .split("+")
        .map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key.replace(/^(Key|Digit)/, "")))
        .join(mac ? "" : "+"),
    )
    .join(" ");
}

function bind(target: Window): () => void {
  const chosen = useChrome.getState().choices.keys;
  const bindings: Record<string, (event: KeyboardEvent) => void> = {};
  for (const action of allActions()) {
    for (const key of keysOf(action, chosen)) {
      bindings[key] = (event) => {
        if (event.defaultPrevented || (typing(event) && !action.inText) || inDialog(event)) return;
        if (!(action.when?.() ?? true)) return;
        event.preventDefault();
        void runAction(action.id);
      };
    }
  }
  return tinykeys(target, bindings);
}

function typing(event: KeyboardEvent): boolean {
  const { target } = event;
  return (
    target instanceof HTMLElement &&
    !(target.matches("[data-resting]") && undoes(event)) &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}

// A number that was typed is set: there is no text to take back, only the step.
function undoes({ ctrlKey, metaKey, key }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && /^[zy]$/i.test(key);
}

function inDialog({ target }: KeyboardEvent): boolean {
  return (
    target instanceof HTMLElement && target.closest("[role=dialog], [role=menu], [role=listbox]") !== null
  );
}
