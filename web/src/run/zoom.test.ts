import { expect, test } from "vitest";

import { CLOSEST, fitted, zoomedAt } from "./zoom";

test("a large picture is made to fit, a small one is drawn at a whole multiple", () => {
  expect(fitted({ width: 2000, height: 1000 }, { width: 1096, height: 896 }).scale).toBe(0.5);
  expect(fitted({ width: 64, height: 64 }, { width: 1096, height: 896 }).scale).toBe(12);
});

test("what is under the pointer stays under it", () => {
  const view = { scale: 2, x: 10, y: -20 };
  const point = { x: 100, y: 50 };
  const next = zoomedAt(view, point, 1.5);
  const under = (v: typeof view) => [(point.x - v.x) / v.scale, (point.y - v.y) / v.scale];
  expect(next.scale).toBe(3);
  expect(under(next)).toEqual(under(view));
});

test("there is an end to how close one comes", () => {
  expect(zoomedAt({ scale: CLOSEST, x: 0, y: 0 }, { x: 0, y: 0 }, 2).scale).toBe(CLOSEST);
});
