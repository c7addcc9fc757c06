import { describe, expect, test } from "vitest";

import type { Document } from "./document";
import { connect } from "./connect";
import { moveNodes, removeNodes, setInput, setMeta } from "./edit";
import { begin, commit, MOST_STEPS, redo, undo, type History } from "./history";
import { addReroute } from "./splice";
import { makeSubgraph, unpack } from "./subgraphs";
import { chance, KINDS, manyNodes, node, oneOf, documentOf } from "./toys";

const START = documentOf({ a: node("Empty"), b: node("Empty") });

function typed(history: History, width: number, gesture: string | null = null): History {
  return commit(history, setInput(history.now.document, "a", "width", width), `Width ${width}`, gesture);
}

/** As it stands in a file, so that the order of keys counts too. */
function written(document: Document): string {
  return JSON.stringify(document);
}

test("undo goes back to what was, with its label, and redo forth again", () => {
  const history = typed(typed(begin(START), 8), 16);
  const back = undo(history);
  expect(back.now.label).toBe("Width 8");
  expect(back.now.document.nodes["a"]?.inputs["width"]).toBe(8);
  expect(redo(back).now.document).toBe(history.now.document);
  expect(undo(undo(back)).now.document).toBe(START);
});

test("where there is no step the history stays the same", () => {
  const history = begin(START);
  expect(undo(history)).toBe(history);
  expect(redo(history)).toBe(history);
  expect(commit(history, START, "Nothing")).toBe(history);
});

test("a new edit after undo leaves nothing to redo", () => {
  const history = typed(undo(typed(begin(START), 8)), 9);
  expect(history.future.length).toBe(0);
  expect(history.past.length).toBe(1);
});

describe("a gesture", () => {
  test("is one step however often it commits", () => {
    let history = begin(START);
    for (let width = 1; width <= 50; width += 1) history = typed(history, width, "drag");
    expect(history.past.length).toBe(1);
    expect(undo(history).now.document).toBe(START);
  });

  test("ends with the next one", () => {
    const history = typed(typed(typed(begin(START), 1, "one"), 2, "two"), 3, "two");
    expect(undo(history).now.document.nodes["a"]?.inputs["width"]).toBe(1);
  });

  test("that was undone does not go on", () => {
    const history = typed(undo(typed(begin(START), 1, "one")), 2, "one");
    expect(history.past.length).toBe(1);
  });
});

test("random edits can be taken back one by one and done again, down to the order of the nodes", () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = chance(seed);
    let history = begin(manyNodes(30, random));
    const documents = [written(history.now.document)];
    for (let step = 0; step < 40; step += 1) {
      const before = history;
      history = commit(history, edited(history.now.document, random), `Step ${step}`);
      if (history !== before) documents.push(written(history.now.document));
    }
    forgotten(history);
    for (const expected of documents.slice(0, -1).reverse()) {
      history = undo(history);
      expect(written(history.now.document)).toBe(expected);
    }
    forgotten(history);
    for (const expected of documents.slice(1)) {
      history = redo(history);
      expect(written(history.now.document)).toBe(expected);
    }
  }
});

test("at least 2,000 steps are kept, and never twice as many", () => {
  let history = begin(START);
  for (let step = 0; step < 3 * MOST_STEPS; step += 1) history = typed(history, step);
  expect(history.past.length).toBeLessThanOrEqual(2 * MOST_STEPS);
  const kept = history.past.length;
  expect(kept).toBeGreaterThanOrEqual(MOST_STEPS);
  for (let step = 0; step < kept; step += 1) history = undo(history);
  expect(history.now.document.nodes["a"]?.inputs["width"]).toBe(3 * MOST_STEPS - 1 - kept);
  for (let step = 0; step < kept; step += 1) history = redo(history);
  expect(history.now.document.nodes["a"]?.inputs["width"]).toBe(3 * MOST_STEPS - 1);
});

test("a step of a document of 5,000 nodes is as large as what it changed", () => {
  let history = begin(manyNodes(5000, chance(3)));
  const steps = 30;
  for (let step = 0; step < steps; step += 1)
    history = commit(history, setMeta(history.now.document, `n${step}`, { title: `${step}` }), "Rename");
  expect(weightOf(history.past)).toBeLessThan(steps * 40);
});

/** Let go of the documents that steps still find as long as nobody has cleared them away. */
function forgotten(history: History) {
  for (const steps of [history.past, history.future])
    for (let turn = steps.top; turn; turn = turn.rest)
      Object.assign(turn, { same: { deref: () => undefined } });
}

/** How many values hang on it. */
function weightOf(root: unknown): number {
  const seen = new Set<unknown>();
  const waiting = [root];
  for (let at = waiting.pop(); waiting.length > 0 || at !== undefined; at = waiting.pop()) {
    if (at === undefined || seen.has(at)) continue;
    seen.add(at);
    const map = at instanceof Map ? [...(at as Map<unknown, unknown>)].flat() : [];
    const set = at instanceof Set ? [...(at as Set<unknown>)] : [];
    waiting.push(
      ...map,
      ...set,
      ...(typeof at === "object" && at !== null ? (Object.values(at) as unknown[]) : []),
    );
  }
  return seen.size;
}

function edited(document: Document, random: () => number): Document {
  const ids = Object.keys(document.nodes);
  if (ids.length === 0) return { ...document, nodes: { fresh: node("Empty") } };
  const id = oneOf(ids, random);
  switch (Math.floor(random() * 8)) {
    case 0:
      return removeNodes(document, new Set([id, oneOf(ids, random)]));
    case 1:
      return moveNodes(document, new Map([[id, [random(), random()]]]));
    case 2:
      return setInput(document, id, "one", random() < 0.5 ? undefined : Math.round(random() * 9));
    case 3:
      return connect(document, [oneOf(ids, random), "image"], { node: id, input: "two" });
    case 4:
      return addReroute(document, { node: id, input: "one" }, [0, 0]).sheet;
    case 5:
      return makeSubgraph(document, KINDS, null, [id, oneOf(ids, random)], "Some").document;
    case 6:
      return unpack(document, null, ids.find((one) => document.nodes[one]?.class_type.startsWith("@")) ?? id)
        .document;
    default:
      return {
        ...document,
        title: `${random()}`,
        notes: [{ id: "note-1", text: `${random()}`, bounds: [0, 0, 1, 1] }],
      };
  }
}
