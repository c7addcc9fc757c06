import { expect, test } from "vitest";

import { flatIds, locate } from "./flat";
import { makeSubgraph } from "./subgraphs";
import { documentOf, flatGraph, KINDS, node, TEXT_TO_IMAGE } from "./toys";

const INNER = makeSubgraph(TEXT_TO_IMAGE, KINDS, null, ["prompt", "sample"], "Draw");
const NESTED = makeSubgraph(INNER.document, KINDS, null, [INNER.id, "empty"], "Around");

test("every node that runs is found by its flat id, and where it is", () => {
  const places = flatIds(NESTED.document);
  for (const id of Object.keys(flatGraph(NESTED.document)))
    expect(locate(NESTED.document, id)).toEqual(places.get(id));
  expect(locate(NESTED.document, `${NESTED.id}:${INNER.id}:prompt`)).toEqual({
    path: [NESTED.id, INNER.id],
    sheet: "1",
    id: "prompt",
  });
  expect(locate(NESTED.document, "load")).toEqual({ path: [], sheet: null, id: "load" });
});

test("what is not there is not found", () => {
  for (const id of [
    "",
    "nobody",
    "load:prompt",
    `${NESTED.id}:nobody`,
    "constructor",
    "nobody:constructor",
    ":",
  ])
    expect(locate(NESTED.document, id)).toBeNull();
});

test("a subgraph that holds itself, or is not there, is not entered", () => {
  const endless = documentOf(
    { a: node("@s"), b: node("@gone") },
    { subgraphs: { s: { title: "S", inputs: [], outputs: [], nodes: { x: node("@s") } } } },
  );
  expect([...flatIds(endless).keys()]).toEqual(["a", "a:x", "b"]);
});
