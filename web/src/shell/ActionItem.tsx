import { MenuItem } from "@ariakit/react";

import { runAction, type Action } from "../state/actions";
import { useChrome } from "../state/chrome";
import { keysOf, keyText } from "./keys";

/** An action as an entry of a menu, with its keys. */
export function ActionItem({ action }: { readonly action: Action }) {
  const chosen = useChrome((chrome) => chrome.choices.keys);
  const [keys] = keysOf(action, chosen);
  return (
    <MenuItem
      className="menu-item"
      disabled={!(action.when?.() ?? true)}
      onClick={() => {
        void runAction(action.id);
      }}
    >
      <span>{action.title}</span>
      {keys && <kbd>{keyText(keys)}</kbd>}
    </MenuItem>
  );
}
