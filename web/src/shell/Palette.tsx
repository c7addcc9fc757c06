import { Combobox, ComboboxItem, ComboboxList, ComboboxProvider, Dialog } from "@ariakit/react";
import { useMemo, useState } from "react";

import { allActions, runAction, type Action } from "../state/actions";
import { useChrome } from "../state/chrome";
import { keysOf, keyText } from "./keys";
import { closeDialog } from "./Modal";
import { ranked } from "./ranking";

/** All that can be done, found by name. */
export function Palette() {
  const [typed, setTyped] = useState("");
  const chosen = useChrome((chrome) => chrome.choices.keys);
  const actions = useMemo(
    () => ranked(allActions(), typed, (action) => [action.title, action.section, ...(action.aliases ?? [])]),
    [typed],
  );

  function take(action: Action) {
    closeDialog();
    void runAction(action.id);
  }

  return (
    <Dialog
      open
      onClose={closeDialog}
      className="palette"
      aria-label="All actions"
      backdrop={<div className="modal-backdrop" />}
    >
      <ComboboxProvider setInputValue={setTyped} open>
        <Combobox autoSelect="always" className="palette-input" placeholder="What do you want to do?" />
        <ComboboxList className="palette-list" alwaysVisible>
          {actions.map((action) => (
            <ComboboxItem
              key={action.id}
              className="menu-item"
              disabled={!(action.when?.() ?? true)}
              onClick={() => {
                take(action);
              }}
            >
              <span>
                {action.title} <small>{action.section}</small>
              </span>
              {keysOf(action, chosen)[0] && <kbd>{keyText(keysOf(action, chosen)[0] ?? "")}</kbd>}
            </ComboboxItem>
          ))}
          {actions.length === 0 && <p className="panel-wait">Nothing of that name.</p>}
        </ComboboxList>
      </ComboboxProvider>
    </Dialog>
  );
}
