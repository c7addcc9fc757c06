import { describe, expect, test } from "vitest";

import { changeWeight } from "./weights";

/** The text with the selection between | marks, before and after. */
function changed(marked: string, by: number): string {
  const start = marked.indexOf("|");
  const text = marked.replaceAll("|", "");
  const end = marked.lastIndexOf("|") === start ? start : marked.lastIndexOf("|") - 1;
  const after = changeWeight(text, start, end, by);
  return `${after.text.slice(0, after.start)}|${after.text.slice(after.start, after.end)}|${after.text.slice(after.end)}`;
}

describe("a weight", () => {
  test.each([
    ["a |red| circle", 0.1, "a (|red|:1.1) circle"],
    ["a r|ed circle", 0.1, "a (|red|:1.1) circle"],
    ["a |red circle|, flat", -0.05, "a (|red circle|:0.95), flat"],
    ["a |red | circle", 0.1, "a (|red|:1.1)  circle"],
  ])("is given: %s by %d is %s", (before, by, after) => {
    expect(changed(before, by)).toBe(after);
  });

  test.each([
    ["a (|red|:1.1) circle", 0.1, "a (|red|:1.2) circle"],
    ["a (r|ed:1.1) circle", 0.05, "a (|red|:1.15) circle"],
    ["a |(red:1.1)| circle", 0.1, "a (|red|:1.2) circle"],
    ["a (|red|) circle", 0.1, "a (|red|:1.2) circle"],
    ["((re|d:1.2) circle:0.5)", 0.1, "((|red|:1.3) circle:0.5)"],
    ["((red:1.2) cir|cle:0.5)", 0.1, "(|(red:1.2) circle|:0.6)"],
  ])("is changed: %s by %d is %s", (before, by, after) => {
    expect(changed(before, by)).toBe(after);
  });

  test("of 1 needs no brackets", () => {
    expect(changed("a (|red|:1.1) circle", -0.1)).toBe("a |red| circle");
  });

  test("stays between 0 and 10", () => {
    expect(changed("(|red|:0.05)", -0.1)).toBe("(|red|:0)");
    expect(changed("(|red|:9.95)", 0.1)).toBe("(|red|:10)");
  });

  test("of part of what is weighed already is a weight of its own", () => {
    expect(changed("(a |red| circle:1.2)", 0.1)).toBe("(a (|red|:1.1) circle:1.2)");
  });

  test("has nothing to do where there is no word", () => {
    expect(changeWeight("a  b", 2, 2, 0.1)).toEqual({ text: "a  b", start: 2, end: 2 });
    expect(changeWeight("", 0, 0, 0.1)).toEqual({ text: "", start: 0, end: 0 });
  });

  test("minds brackets that are meant as such, or never end", () => {
    expect(changed("\\(a r|ed one\\)", 0.1)).toBe("\\(a (|red|:1.1) one\\)");
    expect(changed(") (a r|ed", 0.1)).toBe(") (a (|red|:1.1)");
  });

  test("goes up and down again without a trace", () => {
    let now = { text: "a red circle", start: 2, end: 5 };
    for (const by of [0.05, 0.05, 0.1, -0.1, -0.05, -0.05])
      now = changeWeight(now.text, now.start, now.end, by);
    expect(now).toEqual({ text: "a red circle", start: 2, end: 5 });
  });
});
