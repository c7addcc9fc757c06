/** Going into subgraphs, and out of them again. */

import { changeTab } from "../state/tabs";

/** Show the inside of an instance of a subgraph. */
export function enter(instance: string, subgraph: string): void {
  changeTab((tab) => ({ entered: [...tab.entered, { instance, subgraph }], selection: new Set() }));
}

/** Show the sheet that lies so many levels deep: 0 is the document's own. */
export function leaveTo(depth: number): void {
  changeTab((tab) => {
    const left = tab.entered[depth];
    return { entered: tab.entered.slice(0, depth), selection: new Set(left ? [left.instance] : []) };
  });
}
