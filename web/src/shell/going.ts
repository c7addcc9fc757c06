/** Going to a node, wherever it is: into its subgraph, and to its place on the canvas. */

import type { SheetId } from "../graph/document";
import { locate } from "../graph/flat";
import { wayInto } from "../graph/uses";
import { centreOn } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { activeTab, changeTab, type Entered } from "../state/tabs";

const FIELD = ".inspector-fields :is(input, textarea, [role=combobox])";

/** Show a node by its flat id, chosen and in the middle. */
export function goTo(flat: string): void {
  const { document } = activeTab().history.now;
  const place = locate(document, flat);
  if (!place) return;
  const way = place.path.map((_, depth) => locate(document, place.path.slice(0, depth + 1).join(":")));
  const sheets = [...way.slice(1).map((one) => one?.sheet ?? ""), place.sheet ?? ""];
  const entered = place.path.map((instance, at) => ({ instance, subgraph: sheets[at] ?? "" }));
  show(place.id, entered);
}

/** Show a node, a note or a group of a sheet, by the first way that leads into it. */
export function goToSheet(sheet: SheetId, id: string): void {
  const way = wayInto(activeTab().history.now.document, sheet);
  if (way) show(id, way);
}

/** Go to the first field of the node that is chosen, in the inspector. */
export function goToFields(): void {
  useChrome.setState({ right: "inspector" });
  // The inspector may have to be loaded first.
  const soon = (frames: number) => {
    const field = globalThis.document.querySelector<HTMLElement>(FIELD);
    if (field) field.focus();
    else if (frames > 0)
      requestAnimationFrame(() => {
        soon(frames - 1);
      });
  };
  soon(60);
}

function show(id: string, entered: readonly Entered[]): void {
  changeTab(() => ({ entered, selection: new Set([id]) }));
  // The canvas draws the other sheet first.
  requestAnimationFrame(() => {
    centreOn([id]);
  });
}
