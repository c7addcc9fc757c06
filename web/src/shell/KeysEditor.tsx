import { RotateCcw } from "lucide-react";
import { Fragment, useMemo, useState } from "react";

import { allActions, type Action } from "../state/actions";
import { useChrome } from "../state/chrome";
import { choose } from "./choices";
import { clashes, keysOf, keyText } from "./keys";
import { Modal } from "./Modal";
import { pressed } from "./pressing";
import { ranked } from "./ranking";

/** Which keys do what, and other keys for it. */
export function KeysEditor() {
  const chosen = useChrome((chrome) => chrome.choices.keys);
  const [typed, setTyped] = useState("");
  const [waiting, setWaiting] = useState<string | null>(null);
  const shared = useMemo(() => clashes(chosen), [chosen]);
  const actions = useMemo(
    () => ranked(allActions(), typed, (action) => [action.title, ...keysOf(action, chosen)]),
    [typed, chosen],
  );

  return (
    <Modal title="Keys" wide>
      <input
        className="field-input keys-search"
        placeholder="Find an action or a key"
        aria-label="Find an action or a key"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
        }}
      />
      <ul className="keys">
        {actions.map((action) => (
          <li key={action.id} className="keys-row">
            <span>
              {action.title} <small>{action.section}</small>
            </span>
            <KeyButton
              action={action}
              chosen={chosen}
              clashes={shared}
              waiting={waiting === action.id}
              setWaiting={setWaiting}
            />
          </li>
        ))}
      </ul>
    </Modal>
  );
}

interface KeyButtonProps {
  readonly action: Action;
  readonly chosen: Readonly<Record<string, readonly string[]>>;
  readonly clashes: ReadonlyMap<string, readonly Action[]>;
  readonly waiting: boolean;
  readonly setWaiting: (id: string | null) => void;
}

function KeyButton({ action, chosen, clashes: shared, waiting, setWaiting }: KeyButtonProps) {
  const keys = keysOf(action, chosen);
  const others = keys.flatMap((key) => shared.get(key) ?? []).filter((other) => other !== action);
  return (
    <span className="keys-side">
      {others.length > 0 && (
        <small className="keys-clash">also: {others.map((one) => one.title).join(", ")}</small>
      )}
      <button
        type="button"
        className="keys-button"
        onClick={() => {
          setWaiting(action.id);
        }}
        onBlur={() => {
          if (waiting) setWaiting(null);
        }}
        onKeyDown={(event) => {
          if (!waiting) return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === "Escape") setWaiting(null);
          else if (event.key === "Backspace" || event.key === "Delete") bind(action.id, []);
          else {
            const key = pressed(event.nativeEvent);
            if (key) bind(action.id, [key]);
          }
        }}
      >
        <span className="unseen">Keys of {action.title}: </span>
        {waiting ? "Press keys" : keys.length > 0 ? <Keys keys={keys} /> : "none"}
      </button>
      <button
        type="button"
        className="panel-close"
        aria-label={`The usual keys of ${action.title}`}
        disabled={!(action.id in chosen)}
        onClick={() => {
          choose({ keys: Object.fromEntries(Object.entries(chosen).filter(([id]) => id !== action.id)) });
        }}
      >
        <RotateCcw size={12} aria-hidden />
      </button>
    </span>
  );

  function bind(id: string, next: readonly string[]) {
    choose({ keys: { ...chosen, [id]: next } });
    setWaiting(null);
  }
}

function Keys({ keys }: { readonly keys: readonly string[] }) {
  return keys.map((key, at) => (
    <Fragment key={key}>
      {at > 0 && <span className="unseen"> or </span>}
      <kbd>{keyText(key)}</kbd>
    </Fragment>
  ));
}
