import { describe, expect, it } from "vitest";

import { dragged, share, shownNumber, within } from "./number";

const STEPS = { whole: true, minimum: 1, maximum: 100, step: null };
const CFG = { whole: false, minimum: 0, maximum: 30, step: 0.5 };
const SIDE = { whole: true, minimum: 16, maximum: 16384, step: 8 };

describe("a number in its field", () => {
  it("stays within its bounds", () => {
    expect(within(0, STEPS)).toBe(1);
    expect(within(1e9, STEPS)).toBe(100);
  });
  it("is whole where the node takes whole numbers only", () => {
    expect(within(7.6, STEPS)).toBe(8);
  });
  it("falls on the grid when it is dragged, but may be typed between", () => {
    expect(within(7.3, CFG, true)).toBe(7.5);
    expect(within(7.3, CFG)).toBe(7.3);
    expect(within(510, SIDE, true)).toBe(512);
  });
  it("has no noise of binary fractions", () => {
    expect(within(0.1 + 0.2, { whole: false, minimum: null, maximum: null, step: 0.1 }, true)).toBe(0.3);
    expect(shownNumber(0.1 + 0.2)).toBe("0.3");
  });
  it("shows where it is in a range that a hand can set, and nowhere in a wide one", () => {
    expect(share(15, CFG)).toBe(0.5);
    expect(share(512, SIDE)).toBeNull();
    expect(share(1, { ...CFG, maximum: null })).toBeNull();
  });
  it("goes through a narrow range in a short drag, finer with Shift", () => {
    expect(dragged(240, CFG, false, false)).toBe(30);
    expect(dragged(240, CFG, true, false)).toBeCloseTo(3);
  });
});
