/**
 * Everything that the user can do, each once. Menus, keys, the palette and the toolbar are made of this list, so whatever can
 * be done with the mouse can be found by name and done with the keyboard. Each part of the editor registers its own.
 */

export type Section = "File" | "Edit" | "Node" | "Link" | "View" | "Run" | "Panels" | "Help";

export interface Action {
  /** Stable, since users bind keys to it: "edit.undo". */
  readonly id: string;
  /** What it does, as a menu says it: "Undo". */
  readonly title: string;
  readonly section: Section;
  /** The keys it has unless the user chose others, in tinykeys' notation ("$mod+z", "Shift+a"). */
  readonly keys?: readonly string[];
  /** Other words that people look for. */
  readonly aliases?: readonly string[];
  /** Whether it makes sense now; an action that does not is shown faded and not run. */
  readonly when?: () => boolean;
  /** Whether its keys work while a text is being typed. */
  readonly inText?: boolean;
  readonly run: () => void | Promise<void>;
}

const ACTIONS = new Map<string, Action>();

/** Make actions known. An id that is taken is a mistake of ours. */
export function registerActions(actions: readonly Action[]): void {
  for (const action of actions) {
    if (ACTIONS.has(action.id)) throw new Error(`There are two actions '${action.id}'.`);
    ACTIONS.set(action.id, action);
  }
}

/** All actions, in the order in which they were registered. */
export function allActions(): readonly Action[] {
  return [...ACTIONS.values()];
}

/** Do it, if it makes sense now. */
export async function runAction(id: string): Promise<void> {
  const action = ACTIONS.get(id);
  if (!action) throw new Error(`There is no action '${id}'.`);
  if (action.when?.() ?? true) await action.run();
}
