import { expect, test } from "vitest";

import type { Document } from "../graph/document";
import { documentsFor } from "./send";

const document: Document = {
  weft: 2,
  nodes: { "1": { class_type: "S", inputs: { seed: 7 }, _meta: { control: { seed: "increment" } } } },
};
const seedOf = (one: Document | undefined) => one?.nodes["1"]?.inputs["seed"];

test("a batch's runs have the seeds that come one after the other, and the document has the next", () => {
  const { documents, next } = documentsFor(document, { count: 3 });
  expect(documents.map(seedOf)).toEqual([7, 8, 9]);
  expect(seedOf(next)).toBe(10);
});

test("seeds stay where they shall not go on, as when a run is sent with each change", () => {
  expect(documentsFor(document, { seeds: false })).toEqual({ documents: [document], next: document });
});
