/** What can be done with nodes: their looks, their modes, and how they are put together. */

import { sheetAt, withSheet, type Mode, type NodeMeta } from "../../graph/document";
import { setMeta } from "../../graph/edit";
import { fitGroup, freeFrameId, groupAround } from "../../graph/groups";
import { makeSubgraph, unpack } from "../../graph/subgraphs";
import type { Action } from "../../state/actions";
import { currentCamera, sizesOf, useCanvas } from "../../state/canvas";
import { editSheet, select } from "../../state/tabs";
import { PALETTE } from "../colors";
import { currentScene } from "../current";
import { ownSize } from "../gestures/resize";
import { enter } from "../sheets";
import { anyChosen, chosenIds, chosenNodes, counted, editHere, nodeChosen, onlyNode } from "./chosen";

/** Set something of all chosen nodes; if all have it already, take it away. */
function toggle(verb: string, back: string, meta: Partial<NodeMeta>): void {
  const nodes = chosenNodes();
  const [[key, value] = ["", undefined]] = Object.entries(meta);
  const all = nodes.every(({ node }) => node._meta?.[key] === value);
  const next = { [key]: all ? undefined : value };
  editSheet(counted(all ? back : verb, nodes.length), (sheet) =>
    nodes.reduce((changed, { id }) => setMeta(changed, id, next), sheet),
  );
}

function mode(to: Mode): void {
  if (to === "mute") toggle("Mute", "Unmute", { mode: to });
  else toggle("Bypass", "Stop bypassing", { mode: to });
}

/** Give the chosen nodes, groups and notes a colour; null takes it away. */
export function paint(color: string | null): void {
  const ids = new Set(chosenIds());
  const painted = <T extends { readonly id: string; readonly color?: string }>(
    all: readonly T[],
  ): readonly T[] =>
    all.map((one) => {
      if (!ids.has(one.id)) return one;
      const { color: _, ...rest } = one;
      return (color === null ? rest : { ...one, color }) as T;
    });
  editSheet(counted("Colour", ids.size, "things"), (sheet) => {
    const { groups, notes } = sheet;
    const nodes = [...ids].reduce(
      (changed, id) => setMeta(changed, id, { color: color ?? undefined }),
      sheet,
    );
    return { ...nodes, ...(groups && { groups: painted(groups) }), ...(notes && { notes: painted(notes) }) };
  });
}

function group(): void {
  const made = groupAround(currentScene().sheet, chosenIds(), sizesOf(), "Group");
  editSheet("Group", () => made.sheet);
  if (made.id !== null) useCanvas.setState({ renaming: made.id });
}

function addNote(): void {
  const [x, y] = currentCamera()?.pointAtPointer() ?? [0, 0];
  let made = "";
  editSheet("Add note", (sheet) => {
    made = freeFrameId(sheet, "note");
    const note = { id: made, text: "", bounds: [Math.round(x), Math.round(y), 260, 140] as const };
    return { ...sheet, notes: [...(sheet.notes ?? []), note] };
  });
  select([made]);
  useCanvas.setState({ renaming: made });
}

function toSubgraph(): void {
  const { specs } = currentScene().source;
  let made = "";
  editHere("Make subgraph", (document, sheetId) => {
    const result = makeSubgraph(document, specs, sheetId, chosenIds(), "Subgraph");
    made = result.id;
    return result.document;
  });
  if (made) {
    select([made]);
    useCanvas.setState({ renaming: made });
  }
}

function unpackChosen(): void {
  const found: string[] = [];
  editHere("Unpack subgraph", (document, sheetId) => {
    let next = document;
    for (const { id, subgraph } of chosenNodes()) {
      if (subgraph === null) continue;
      const result = unpack(next, sheetId, id);
      next = result.document;
      found.push(...result.ids);
    }
    return next;
  });
  select(found);
}

// A group that is chosen closes around what lies in it.
function fitGroups(): void {
  const { items } = currentScene();
  const groups = chosenIds().filter((id) => items.get(id)?.content.kind === "group");
  editHere("Fit group", (document, sheetId) => {
    const sheet = sheetAt(document, sheetId);
    if (!sheet) return document;
    return withSheet(
      document,
      sheetId,
      groups.reduce((changed, id) => fitGroup(changed, id, sizesOf()), sheet),
    );
  });
}

function instanceChosen(): boolean {
  return chosenNodes().some(({ subgraph }) => subgraph !== null);
}

const COLORS: readonly Action[] = [...PALETTE.keys()].map((color) => ({
  id: `node.color.${color}`,
  title: `Colour: ${color}`,
  section: "Node",
  when: anyChosen,
  run: () => {
    paint(color);
  },
}));

export const NODES: readonly Action[] = [
  {
    id: "node.add",
    title: "Add a node",
    section: "Node",
    keys: ["Shift+a"],
    aliases: ["new node", "search nodes"],
    run: openSearch,
  },
  {
    id: "node.addHere",
    title: "Add a node at the pointer",
    section: "Node",
    keys: ["Tab"],
    // Whoever goes through the page with Tab shall not be stopped by it.
    when: () => document.activeElement === document.body && (currentCamera()?.pointed() ?? false),
    run: openSearch,
  },
  {
    id: "node.rename",
    title: "Rename",
    section: "Node",
    keys: ["F2"],
    aliases: ["title", "edit note"],
    when: () => chosenIds().length === 1,
    run: () => {
      useCanvas.setState({ renaming: chosenIds()[0] ?? null });
    },
  },
  {
    id: "node.bypass",
    title: "Bypass",
    section: "Node",
    keys: ["$mod+b"],
    when: nodeChosen,
    run: () => {
      mode("bypass");
    },
  },
  {
    id: "node.mute",
    title: "Mute",
    section: "Node",
    keys: ["$mod+m"],
    aliases: ["disable", "never"],
    when: nodeChosen,
    run: () => {
      mode("mute");
    },
  },
  {
    id: "node.collapse",
    title: "Collapse",
    section: "Node",
    keys: ["Alt+c"],
    aliases: ["fold", "minimize"],
    when: nodeChosen,
    run: () => {
      toggle("Collapse", "Expand", { collapsed: true });
    },
  },
  {
    id: "node.pin",
    title: "Pin",
    section: "Node",
    keys: ["p"],
    aliases: ["lock", "keep in place"],
    when: nodeChosen,
    run: () => {
      toggle("Pin", "Unpin", { pinned: true });
    },
  },
  {
    id: "node.ownSize",
    title: "Own size",
    section: "Node",
    aliases: ["reset size"],
    when: nodeChosen,
    run: () => {
      for (const { id } of chosenNodes()) ownSize(id);
    },
  },
  {
    id: "node.color.none",
    title: "Colour: none",
    section: "Node",
    when: anyChosen,
    run: () => {
      paint(null);
    },
  },
  ...COLORS,
  {
    id: "node.group",
    title: "Group",
    section: "Node",
    keys: ["$mod+g"],
    aliases: ["frame", "comment box"],
    when: anyChosen,
    run: group,
  },
  {
    id: "node.fitGroup",
    title: "Fit group to what is in it",
    section: "Node",
    when: () => chosenIds().some((id) => currentScene().items.get(id)?.content.kind === "group"),
    run: fitGroups,
  },
  {
    id: "node.note",
    title: "Add a note",
    section: "Node",
    keys: ["Shift+n"],
    aliases: ["comment", "text"],
    run: addNote,
  },
  {
    id: "node.subgraph",
    title: "Make a subgraph",
    section: "Node",
    keys: ["$mod+Shift+e"],
    aliases: ["convert to subgraph"],
    when: nodeChosen,
    run: toSubgraph,
  },
  { id: "node.unpack", title: "Unpack subgraph", section: "Node", when: instanceChosen, run: unpackChosen },
  {
    id: "node.enter",
    title: "Go into the subgraph",
    section: "Node",
    keys: ["$mod+Alt+e"],
    when: () => (onlyNode()?.subgraph ?? null) !== null,
    run: () => {
      const node = onlyNode();
      if (node && node.subgraph !== null) enter(node.id, node.subgraph);
    },
  },
];

/** Open the search for a node, where the pointer is or in the middle of the view. */
export function openSearch(): void {
  const camera = currentCamera();
  if (!camera) return;
  const at = camera.pointAtPointer();
  useCanvas.setState({ adding: { at, page: camera.toPage(at), end: null } });
}
