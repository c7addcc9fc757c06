import { describe, expect, it } from "vitest";

import { pressed } from "./pressing";

const nothing = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };

describe("keys that are pressed", () => {
  it("are named with what is held beside them, in one order", () => {
    expect(pressed({ ...nothing, key: "K", ctrlKey: true, shiftKey: true })).toBe("$mod+Shift+k");
    expect(pressed({ ...nothing, key: "Enter", altKey: true })).toBe("Alt+Enter");
  });
  it("mean the same with Control and with Command", () => {
    expect(pressed({ ...nothing, key: "z", metaKey: true })).toBe(
      pressed({ ...nothing, key: "z", ctrlKey: true }),
    );
  });
  it("are nothing yet while only Shift is held", () => {
    expect(pressed({ ...nothing, key: "Shift", shiftKey: true })).toBeNull();
  });
});
