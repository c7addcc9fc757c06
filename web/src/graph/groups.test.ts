import { describe, expect, test } from "vitest";

import type { Document, Group, Point } from "./document";
import { fitGroup, groupAround, membersOf, moveAll } from "./groups";
import { documentOf, node } from "./toys";

const SIZES = new Map<string, Point>([
  ["a", [100, 50]],
  ["b", [100, 50]],
  ["far", [100, 50]],
]);
const SHEET: Document = documentOf(
  {
    a: node("Empty", {}, { position: [0, 0] }),
    b: node("Empty", {}, { position: [200, 100], pinned: true }),
    far: node("Empty", {}, { position: [1000, 1000] }),
  },
  { notes: [{ id: "note-1", text: "", bounds: [10, 60, 20, 20] }] },
);
const { sheet: GROUPED, id: ID } = groupAround(SHEET, ["a", "b", "note-1"], SIZES, "Both");
const GROUP = firstGroup(GROUPED);

test("a group lies around what was chosen, with room for its title", () => {
  expect(ID).toBe("group-1");
  expect(GROUP).toEqual({ id: "group-1", title: "Both", bounds: [-20, -36, 340, 206] });
  expect(groupAround(SHEET, ["nobody"], SIZES, "None")).toEqual({ sheet: SHEET, id: null });
});

describe("what lies in a group", () => {
  test("belongs to it: nodes and notes by their middle, groups as a whole", () => {
    expect(membersOf(GROUPED, GROUP, SIZES)).toEqual(["a", "b", "note-1"]);
    const outer = groupAround(GROUPED, ["group-1", "far"], SIZES, "All").sheet;
    expect(outer.groups?.map((one) => one.title)).toEqual(["All", "Both"]);
    expect(membersOf(outer, firstGroup(outer), SIZES)).toEqual(["a", "b", "far", "note-1", "group-1"]);
    expect(membersOf(outer, GROUP, SIZES)).not.toContain("group-2");
  });

  test("says how large it has to be", () => {
    const loose = { ...GROUPED, groups: [{ ...GROUP, bounds: [-500, -500, 900, 900] as const }] };
    expect(fitGroup(loose, "group-1", SIZES).groups).toEqual([GROUP]);
    const empty = { ...GROUPED, groups: [{ ...GROUP, bounds: [5000, 0, 9, 9] as const }] };
    expect(fitGroup(empty, "group-1", SIZES)).toBe(empty);
  });
});

test("nodes, notes and groups move together, and the others stay", () => {
  const moved = moveAll(GROUPED, new Set(["group-1", "note-1", "a", "nobody"]), [10, 5]);
  expect(moved.groups?.[0]?.bounds).toEqual([-10, -31, 340, 206]);
  expect(moved.notes?.[0]?.bounds).toEqual([20, 65, 20, 20]);
  expect(Object.values(moved.nodes).map((one) => one._meta?.position)).toEqual([
    [10, 5],
    [200, 100],
    [1000, 1000],
  ]);
});

function firstGroup(sheet: Document): Group {
  const group = sheet.groups?.[0];
  if (!group) throw new Error("There should be a group.");
  return group;
}
