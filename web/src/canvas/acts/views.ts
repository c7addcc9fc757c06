/** Turning the view. */

import type { Action } from "../../state/actions";
import { currentCamera, fit } from "../../state/canvas";
import { useChrome, type Choices } from "../../state/chrome";
import { activeTab } from "../../state/tabs";
import { leaveTo } from "../sheets";
import { anyChosen, chosenIds } from "./chosen";

const FACTOR = 1.25;
const STYLES: readonly Choices["linkStyle"][] = ["spline", "straight", "linear", "hidden"];

function choose(change: (choices: Choices) => Partial<Choices>): void {
  useChrome.setState(({ choices }) => ({ choices: { ...choices, ...change(choices) } }));
}

export const VIEWS: readonly Action[] = [
  {
    id: "view.fit",
    title: "Fit all into view",
    section: "View",
    keys: [".", "Home"],
    run: () => {
      fit();
    },
  },
  {
    id: "view.fitChosen",
    title: "Zoom to what is chosen",
    section: "View",
    keys: ["z"],
    when: anyChosen,
    run: () => {
      fit(chosenIds());
    },
  },
  {
    id: "view.zoomIn",
    title: "Zoom in",
    section: "View",
    keys: ["+", "=", "Alt+="],
    run: () => {
      currentCamera()?.zoomBy(FACTOR);
    },
  },
  {
    id: "view.zoomOut",
    title: "Zoom out",
    section: "View",
    keys: ["-", "Alt+-"],
    run: () => {
      currentCamera()?.zoomBy(1 / FACTOR);
    },
  },
  {
    id: "view.zoomReset",
    title: "Original size",
    section: "View",
    keys: ["1"],
    aliases: ["zoom 100%", "1:1"],
    run: () => {
      currentCamera()?.zoomTo(1);
    },
  },
  {
    id: "view.minimap",
    title: "Overview map",
    section: "View",
    keys: ["Alt+m"],
    aliases: ["minimap"],
    run: () => {
      choose(({ minimap }) => ({ minimap: !minimap }));
    },
  },
  {
    id: "view.snap",
    title: "Snap to grid while dragging",
    section: "View",
    run: () => {
      choose(({ snap }) => ({ snap: !snap }));
    },
  },
  {
    id: "view.links",
    title: "Next style of links",
    section: "View",
    aliases: ["hide links", "straight", "spline"],
    run: () => {
      choose(({ linkStyle }) => ({
        linkStyle: STYLES[(STYLES.indexOf(linkStyle) + 1) % STYLES.length] ?? "spline",
      }));
    },
  },
  {
    id: "view.leave",
    title: "Leave the subgraph",
    section: "View",
    when: () => activeTab().entered.length > 0,
    run: () => {
      leaveTo(activeTab().entered.length - 1);
    },
  },
];
