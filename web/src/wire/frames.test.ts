import { expect, test } from "vitest";

import { frameIn } from "./frames";

function framed(kind: number, second: number, ...rest: readonly Uint8Array[]): ArrayBuffer {
  const length = rest.reduce((sum, part) => sum + part.length, 8);
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, kind);
  new DataView(bytes.buffer).setUint32(4, second);
  let at = 8;
  for (const part of rest) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes.buffer;
}

const text = (words: string) => new TextEncoder().encode(words);

test("a picture says whose it is, and which run's", () => {
  const meta = text(
    JSON.stringify({ node_id: "5.1", display_node_id: "5", prompt_id: "r", image_type: "image/png" }),
  );
  const frame = frameIn(framed(4, meta.length, meta, new Uint8Array([1, 2])));
  expect(frame).toEqual({
    kind: "preview",
    node: "5",
    run: "r",
    media: "image/png",
    bytes: new Uint8Array([1, 2]),
  });
});

test("a plain picture is of nobody", () => {
  expect(frameIn(framed(1, 2, new Uint8Array([7])))).toMatchObject({ node: null, media: "image/png" });
  expect(frameIn(framed(1, 1, new Uint8Array([7])))).toMatchObject({ media: "image/jpeg" });
});

test("a text comes with its node", () => {
  const id = text("7:3");
  expect(frameIn(framed(3, id.length, id, text("halfway")))).toEqual({
    kind: "text",
    node: "7:3",
    text: "halfway",
  });
});

test.each([
  ["an empty one", new ArrayBuffer(0)],
  ["an unknown kind", framed(99, 0)],
  ["a text that is cut off", framed(3, 100, text("7"))],
  ["a picture whose description is no JSON", framed(4, 3, text("{a:"))],
])("%s is passed over", (_, data) => {
  expect(frameIn(data)).toBeNull();
});
