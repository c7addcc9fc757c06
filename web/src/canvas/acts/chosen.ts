/** What is chosen on the sheet that is shown, as actions need it. */

import type { Bounds, Document, SheetId } from "../../graph/document";
import { activeTab, edit } from "../../state/tabs";
import { currentScene } from "../current";
import type { NodeContent } from "../model";

/** The ids of all that is chosen and is there. */
export function chosenIds(): readonly string[] {
  const { items } = currentScene();
  return [...activeTab().selection].filter((id) => items.has(id));
}

/** The chosen nodes; not groups, notes or the ends of a subgraph. */
export function chosenNodes(): readonly NodeContent[] {
  const { items } = currentScene();
  return chosenIds().flatMap((id) => {
    const content = items.get(id)?.content;
    return content?.kind === "node" || content?.kind === "reroute" ? [content] : [];
  });
}

/** Whether anything is chosen. */
export function anyChosen(): boolean {
  return chosenIds().length > 0;
}

/** Whether a node is chosen. */
export function nodeChosen(): boolean {
  return chosenNodes().length > 0;
}

/** The one node that is chosen, if it is just one. */
export function onlyNode(): NodeContent | null {
  const nodes = chosenNodes();
  return nodes.length === 1 ? (nodes[0] ?? null) : null;
}

/** Where the chosen things stand. */
export function chosenBoxes(): ReadonlyMap<string, Bounds> {
  const { boxes } = currentScene();
  return new Map(
    chosenIds().flatMap((id) => {
      const box = boxes.get(id);
      return box ? [[id, box] as const] : [];
    }),
  );
}

/** One undoable step on the sheet that is shown, by a change that needs to know which that is. */
export function editHere(
  label: string,
  change: (document: Document, sheetId: SheetId) => Document,
  gesture: string | null = null,
): void {
  const { sheetId } = currentScene().source;
  edit(label, (document) => change(document, sheetId), gesture);
}

/** "Mute", or "Mute 3 nodes". */
export function counted(verb: string, count: number, thing = "nodes"): string {
  return count === 1 ? verb : `${verb} ${count} ${thing}`;
}
