import { describe, expect, it } from "vitest";

import { ranked } from "./ranking";

const TITLES = ["Run", "Run to here", "Rename", "Turn around", "Arrange all nodes"];
const find = (typed: string) => ranked(TITLES, typed, (title) => [title]);

describe("finding by a few letters", () => {
  it("gives everything where nothing was typed", () => {
    expect(find("  ")).toEqual(TITLES);
  });
  it("puts a word that begins so before one that holds it", () => {
    expect(find("run")[0]).toBe("Run");
    expect(find("run").indexOf("Run to here")).toBeLessThan(find("run").indexOf("Turn around"));
  });
  it("takes the first letters of words", () => {
    expect(find("aan")[0]).toBe("Arrange all nodes");
  });
  it("gives nothing where a letter is missing", () => {
    expect(find("xyz")).toEqual([]);
  });
});
