/** Moving and lining up without a mouse. */

import { arrange } from "../../graph/arrange";
import type { Bounds, Point } from "../../graph/document";
import { align, distribute, snap, type Alignment, type Places } from "../../graph/layout";
import type { Action } from "../../state/actions";
import { fit, sizesOf } from "../../state/canvas";
import { useChrome } from "../../state/chrome";
import { currentScene } from "../current";
import { moved, placed } from "../placing";
import { anyChosen, chosenBoxes, chosenIds, counted, editHere } from "./chosen";

const FAR = 5;

// One step for as long as the key is held, or pressed again at once.
let gesture = "";
let last = 0;

function nudge(by: Point): void {
  const boxes = chosenBoxes();
  const { grid } = useChrome.getState().choices;
  const now = Date.now();
  if (now - last > 800) gesture = `nudge-${String(now)}`;
  last = now;
  const to = moved(boxes, [by[0] * grid, by[1] * grid]);
  editHere(counted("Move", boxes.size), (document, sheetId) => placed(document, sheetId, to), gesture);
}

function place(label: string, change: (places: Places) => Places): void {
  const boxes = chosenBoxes();
  const places = new Map([...boxes].map(([id, [x, y]]) => [id, [x, y] as Point]));
  apply(label, change(places), boxes);
}

function apply(label: string, places: Places, boxes: ReadonlyMap<string, Bounds>): void {
  const to = new Map<string, Bounds>();
  for (const [id, [x, y]] of places) {
    const box = boxes.get(id);
    if (box) to.set(id, [x, y, box[2], box[3]]);
  }
  editHere(label, (document, sheetId) => placed(document, sheetId, to));
}

function arrangeAll(): void {
  const { sheet, boxes } = currentScene();
  const ids = chosenIds();
  const some = ids.length > 1;
  const places = arrange(sheet, sizesOf(), some ? ids : undefined);
  apply("Arrange", places, boxes);
  if (!some) fit();
}

function snapChosen(): void {
  const { grid } = useChrome.getState().choices;
  place("Snap to grid", (places) => new Map([...places].map(([id, at]) => [id, snap(at, grid)])));
}

const ARROWS = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] } as const;

const NUDGES: readonly Action[] = Object.entries(ARROWS).flatMap(([way, [x, y]]): readonly Action[] => [
  {
    id: `node.move${way}`,
    title: `Move ${way.toLowerCase()}`,
    section: "Node",
    keys: [`Arrow${way}`, `Alt+Arrow${way}`],
    when: anyChosen,
    run: () => {
      nudge([x, y]);
    },
  },
  {
    id: `node.moveFar${way}`,
    title: `Move far ${way.toLowerCase()}`,
    section: "Node",
    keys: [`Shift+Arrow${way}`],
    when: anyChosen,
    run: () => {
      nudge([x * FAR, y * FAR]);
    },
  },
]);

const EDGES: Readonly<Record<Alignment, string>> = {
  left: "at the left",
  right: "at the right",
  top: "at the top",
  bottom: "at the bottom",
  centre: "one above another",
  middle: "side by side",
};

const ALIGNMENTS: readonly Action[] = Object.entries(EDGES).map(([edge, where]) => ({
  id: `node.align.${edge}`,
  title: `Align ${where}`,
  section: "Node",
  when: severalChosen,
  run: () => {
    place("Align", (places) => align(places, sizesOf(), edge as Alignment));
  },
}));

function severalChosen(): boolean {
  return chosenIds().length > 1;
}

export const PLACES: readonly Action[] = [
  {
    id: "node.arrange",
    title: "Arrange",
    section: "Node",
    keys: ["Alt+a"],
    aliases: ["layout", "tidy up", "auto-layout"],
    run: arrangeAll,
  },
  ...ALIGNMENTS,
  ...(["horizontal", "vertical"] as const).map((along): Action => ({
    id: `node.distribute.${along}`,
    title: along === "horizontal" ? "Spread out from left to right" : "Spread out from top to bottom",
    section: "Node",
    aliases: ["distribute"],
    when: severalChosen,
    run: () => {
      place("Spread out", (places) => distribute(places, sizesOf(), along));
    },
  })),
  { id: "node.snap", title: "Snap to grid", section: "Node", when: anyChosen, run: snapChosen },
  ...NUDGES,
];
