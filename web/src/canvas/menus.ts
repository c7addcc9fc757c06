/** What the menus of the canvas offer: actions by their ids, lines, and what concerns only the thing that was pressed. */

import { linkAt, withBridge } from "../graph/connect";
import { sheetAt, withSheet, type End } from "../graph/document";
import { exposeInput, exposeOutput } from "../graph/subgraphs";
import { cut } from "../graph/splice";
import { currentCamera, useCanvas, type MenuSubject } from "../state/canvas";
import { edit, editSheet, select } from "../state/tabs";
import { currentScene } from "./current";
import { reroute } from "./gestures/clicks";
import { dropLinks, endAt } from "./gestures/wire";

export type Entry = string | { readonly title: string; readonly run: () => void };

const CANVAS: readonly Entry[] = [
  "node.add",
  "node.note",
  "edit.paste",
  "edit.pasteLinked",
  "-",
  "edit.selectAll",
  "node.arrange",
  "view.fit",
  "view.leave",
];
const NODE: readonly Entry[] = [
  "run.here",
  "node.peek",
  "node.why",
  "-",
  "node.enter",
  "node.rename",
  "edit.copy",
  "edit.duplicate",
  "node.bypass",
  "node.mute",
  "node.collapse",
  "node.pin",
  "node.ownSize",
  "-",
  "link.start",
  "link.chosen",
  "node.group",
  "node.subgraph",
  "node.unpack",
  "node.arrange",
  "-",
  "edit.deleteKeeping",
  "edit.delete",
];
const GROUP: readonly Entry[] = [
  "node.rename",
  "node.fitGroup",
  "edit.duplicate",
  "edit.copy",
  "-",
  "edit.delete",
];
const NOTE: readonly Entry[] = ["node.rename", "edit.duplicate", "edit.copy", "-", "edit.delete"];

/** What the menu of a thing offers. */
export function entriesFor(subject: MenuSubject): readonly Entry[] {
  switch (subject.kind) {
    case "canvas":
      return CANVAS;
    case "node":
      return NODE;
    case "group":
      return GROUP;
    case "note":
      return NOTE;
    case "link":
      return linkEntries(subject);
    case "socket":
      return socketEntries(subject);
    case "bridges":
      return bridgeEntries(subject);
  }
}

function linkEntries({ end, at }: Extract<MenuSubject, { kind: "link" }>): readonly Entry[] {
  const ends = [end];
  return [
    {
      title: "Add a reroute",
      run: () => {
        reroute(end, at);
      },
    },
    {
      title: "Insert a node…",
      run: () => {
        insertInto(end, at);
      },
    },
    {
      title: "Choose both nodes",
      run: () => {
        chooseEnds(end);
      },
    },
    "-",
    {
      title: "Cut",
      run: () => {
        editSheet("Cut link", (sheet) => cut(sheet, ends));
      },
    },
  ];
}

function insertInto(end: End, at: readonly [number, number]): void {
  const from = linkAt(currentScene().sheet, end);
  const page = currentCamera()?.toPage(at);
  if (from && page) useCanvas.setState({ adding: { at, page, end: { from }, into: end } });
}

function chooseEnds(end: End): void {
  const from = linkAt(currentScene().sheet, end);
  select(from ? [from[0], end.node] : [end.node]);
}

function socketEntries(subject: Extract<MenuSubject, { kind: "socket" }>): readonly Entry[] {
  const { side, node, name } = subject;
  const { sheetId } = currentScene().source;
  const end = endAt(subject);
  const exposing: readonly Entry[] =
    sheetId === null || node.startsWith("@")
      ? []
      : [
          {
            title: side === "in" ? "Expose on the subgraph" : "Give out of the subgraph",
            run: () => {
              edit("Expose", (document) =>
                side === "in"
                  ? exposeInput(document, sheetId, { node, input: name })
                  : exposeOutput(document, sheetId, [node, name]),
              );
            },
          },
        ];
  return [
    {
      title: "Link to…",
      run: () => {
        const { menu } = useCanvas.getState();
        useCanvas.setState({ linking: { end, page: menu?.page ?? [80, 80] } });
      },
    },
    {
      title: "Add a node here…",
      run: () => {
        const { menu } = useCanvas.getState();
        const page = menu?.page ?? [80, 80];
        const at = currentCamera()?.toSheet(page);
        if (at) useCanvas.setState({ adding: { at, page, end } });
      },
    },
    ...exposing,
    "-",
    {
      title: "Drop its links",
      run: () => {
        dropLinks(subject);
      },
    },
  ];
}

function bridgeEntries({ from, to, bridges }: Extract<MenuSubject, { kind: "bridges" }>): readonly Entry[] {
  return bridges.slice(0, 12).map((bridge) => ({
    title: `Put ${bridge.title} between`,
    run: () => {
      const { specs, sheetId } = currentScene().source;
      edit(`Link through ${bridge.title}`, (document) =>
        sheetAt(document, sheetId)
          ? withBridge(document, specs, sheetId, from, to, bridge)
          : withSheet(document, sheetId, {}),
      );
    },
  }));
}
