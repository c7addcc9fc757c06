/** Choosing, deleting, and the clipboard. */

import { clipOf, clipText, copy, duplicate, paste, type Clip } from "../../graph/clipboard";
import { FROM_OUTSIDE, TO_OUTSIDE } from "../../graph/document";
import { remove, removeKeepingLinks } from "../../graph/splice";
import type { Action } from "../../state/actions";
import { currentCamera, useCanvas } from "../../state/canvas";
import { say } from "../../state/chrome";
import { activeTab, select } from "../../state/tabs";
import { currentScene } from "../current";
import { leaveTo } from "../sheets";
import { anyChosen, chosenIds, counted, editHere } from "./chosen";

let kept: string | null = null;

/** Put the chosen things on the clipboard; where the browser keeps it from us, on one of our own. */
async function copyChosen(): Promise<void> {
  const { document, sheetId } = currentScene().source;
  const ids = chosenIds();
  kept = clipText(copy(document, sheetId, ids));
  try {
    await navigator.clipboard.writeText(kept);
  } catch {
    // A page that is not served securely has no clipboard: within the editor ours will do.
  }
  say(counted("Copied", ids.length, "things"));
}

async function clipNow(): Promise<Clip | null> {
  try {
    const text = await navigator.clipboard.readText();
    const clip = clipOf(text);
    if (clip) return clip;
  } catch {
    // See above.
  }
  return kept === null ? null : clipOf(kept);
}

async function pasteClip(links: boolean): Promise<void> {
  const clip = await clipNow();
  if (!clip) {
    say("There are no nodes on the clipboard.");
    return;
  }
  const at = currentCamera()?.pointAtPointer() ?? [0, 0];
  let ids: readonly string[] = [];
  editHere(links ? "Paste with links" : "Paste", (document, sheetId) => {
    const pasted = paste(document, sheetId, clip, [Math.round(at[0]), Math.round(at[1])], links);
    ids = pasted.ids;
    return pasted.document;
  });
  select(ids);
}

function deleteChosen(keepLinks: boolean): void {
  const ids = new Set(chosenIds().filter((id) => id !== FROM_OUTSIDE && id !== TO_OUTSIDE));
  if (ids.size === 0) return;
  const { specs } = currentScene().source;
  editHere(counted("Delete", ids.size, "things"), (document, sheetId) =>
    keepLinks ? removeKeepingLinks(document, specs, sheetId, ids) : remove(document, sheetId, ids),
  );
  select([]);
}

function duplicateChosen(): void {
  let ids: readonly string[] = [];
  editHere("Duplicate", (document, sheetId) => {
    const made = duplicate(document, sheetId, chosenIds());
    ids = made.ids;
    return made.document;
  });
  select(ids);
}

// Escape goes back one step: out of what is chosen, then out of the subgraph.
function goBack(): void {
  const { entered, selection } = activeTab();
  if (selection.size > 0) select([]);
  else if (entered.length > 0) leaveTo(entered.length - 1);
}

function resting(): boolean {
  const { adding, linking, menu, renaming, wiring } = useCanvas.getState();
  return !adding && !linking && !menu && renaming === null && !wiring;
}

export const EDITING: readonly Action[] = [
  {
    id: "edit.selectAll",
    title: "Choose all",
    section: "Edit",
    keys: ["$mod+a"],
    aliases: ["select all"],
    run: () => {
      select(currentScene().items.keys());
    },
  },
  {
    id: "edit.back",
    title: "Choose nothing, or leave the subgraph",
    section: "Edit",
    keys: ["Escape"],
    when: resting,
    run: goBack,
  },
  {
    id: "edit.cut",
    title: "Cut",
    section: "Edit",
    keys: ["$mod+x"],
    when: anyChosen,
    run: async () => {
      await copyChosen();
      deleteChosen(false);
    },
  },
  { id: "edit.copy", title: "Copy", section: "Edit", keys: ["$mod+c"], when: anyChosen, run: copyChosen },
  { id: "edit.paste", title: "Paste", section: "Edit", keys: ["$mod+v"], run: () => pasteClip(false) },
  {
    id: "edit.pasteLinked",
    title: "Paste with links",
    section: "Edit",
    keys: ["$mod+Shift+v"],
    aliases: ["paste with connections"],
    run: () => pasteClip(true),
  },
  {
    id: "edit.duplicate",
    title: "Duplicate",
    section: "Edit",
    keys: ["$mod+d"],
    aliases: ["clone"],
    when: anyChosen,
    run: duplicateChosen,
  },
  {
    id: "edit.delete",
    title: "Delete",
    section: "Edit",
    keys: ["Delete", "Backspace"],
    aliases: ["remove"],
    when: anyChosen,
    run: () => {
      deleteChosen(false);
    },
  },
  {
    id: "edit.deleteKeeping",
    title: "Delete, links pass through",
    section: "Edit",
    keys: ["$mod+Delete", "$mod+Backspace"],
    aliases: ["splice", "dissolve"],
    when: anyChosen,
    run: () => {
      deleteChosen(true);
    },
  },
];
