import { expect, test } from "vitest";

import { shotsIn } from "./artifacts";

const file = (name: string) => ({ node: "9", folder: "output" as const, name, media_type: "", size: 1 });

test("what can be looked at is found with its folder, and nothing else", () => {
  const shots = shotsIn("r", [file("a.png"), file("days/2026/b.webm"), file("model.safetensors")]);
  expect(shots.map((shot) => [shot.file.subfolder, shot.file.filename])).toEqual([
    ["", "a.png"],
    ["days/2026", "b.webm"],
  ]);
});
