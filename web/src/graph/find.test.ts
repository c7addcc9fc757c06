import { describe, expect, test } from "vitest";

import { find } from "./find";
import { makeSubgraph } from "./subgraphs";
import { KINDS, TEXT_TO_IMAGE } from "./toys";

const DOCUMENT = {
  ...makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt"], "Words").document,
  notes: [{ id: "note-1", text: "All about *circles*", bounds: [0, 0, 1, 1] as const }],
  groups: [{ id: "group-1", title: "Circle things", bounds: [0, 0, 1, 1] as const }],
};

function found(query: string) {
  return find(DOCUMENT, KINDS, query).map(({ sheet, id, where }) => [sheet, id, where.what]);
}

describe("finding", () => {
  test("looks at titles, ids, kinds and values, on every sheet", () => {
    expect(found("encode text")).toEqual([[null, "negative", "title"]]);
    expect(found("prompt")).toEqual([["1", "prompt", "title"]]);
    expect(found("words")).toEqual([[null, "8", "title"]]);
    expect(found("nano")).toEqual([[null, "load", "value"]]);
    expect(find(DOCUMENT, KINDS, "red")[0]).toMatchObject({
      sheet: "1",
      where: { what: "value", input: "text" },
      text: "a red circle",
    });
    expect(found("64")).toEqual([[null, "empty", "value"]]);
  });

  test("looks at notes and groups, titles first", () => {
    expect(found("circle")).toEqual([
      [null, "group-1", "title"],
      ["1", "prompt", "value"],
      [null, "note-1", "text"],
    ]);
  });

  test("wants all words, and finds nothing for none", () => {
    expect(found("red circle")).toEqual([["1", "prompt", "value"]]);
    expect(found("red square")).toEqual([]);
    expect(found("  ")).toEqual([]);
  });
});
