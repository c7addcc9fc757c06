import { describe, expect, test } from "vitest";

import { documentOf, KINDS, node } from "../graph/toys";
import { sceneOf } from "./scene";
import { detailFor, lookingAt, region, seen } from "./sight";

const WINDOW = { width: 1600, height: 900 };

function dense(count: number) {
  const nodes = Object.fromEntries(
    Array.from({ length: count }, (_, place) => {
      const position = [(place % 40) * 250, Math.floor(place / 40) * 330] as const;
      return [String(place), node("Sample", {}, { position })];
    }),
  );
  return sceneOf(
    { document: documentOf(nodes), sheetId: null, specs: KINDS, instances: [], pictured: new Set() },
    null,
  );
}

describe("how much is drawn", () => {
  const few = dense(4);

  test.each([
    ["full", 1],
    ["plain", 0.5],
    ["far", 0.3],
  ] as const)("is %s at a zoom of %d", (detail, zoom) => {
    expect(detailFor("full", few, { x: 0, y: 0, zoom, ...WINDOW })).toBe(detail);
  });

  test("does not flicker at the border between near and far", () => {
    const at = (now: "plain" | "far") => detailFor(now, few, { x: 0, y: 0, zoom: 0.45, ...WINDOW });
    expect([at("plain"), at("far")]).toEqual(["plain", "far"]);
  });

  test("is less where nodes stand so close that the page would get slow", () => {
    expect(detailFor("full", dense(400), { x: 0, y: 0, zoom: 0.5, width: 2560, height: 1440 })).toBe("far");
  });
});

test("a fitted view shows all of an area", () => {
  const area = [-300, 200, 5000, 800] as const;
  const [x, y, width, height] = seen({ ...lookingAt(area, 1600, 900, 1), ...WINDOW });
  expect(x <= -300 && y <= 200 && x + width >= 4700 && y + height >= 1000).toBe(true);
});

test("what is kept ready holds what is seen, and stays the same for a small move", () => {
  const looking = { x: -1000, y: -1000, zoom: 1, ...WINDOW };
  const [x, y, width, height] = region(looking);
  const [left, top, wide, high] = seen(looking);
  expect(x <= left && y <= top && x + width >= left + wide && y + height >= top + high).toBe(true);
  expect(region({ ...looking, x: -1004 })).toEqual([x, y, width, height]);
});
