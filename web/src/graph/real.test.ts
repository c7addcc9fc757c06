/**
 * The rules of links against the nodes that there are. Their specs come from the server's side:
 * `python main.py nodes --json > specs.json`, and `WEFT_SPECS=specs.json npx vitest run src/graph/real`.
 */

import { describe, expect, test } from "vitest";

import { addNode, defaultsOf } from "./add";
import { bridges, candidates, refusal } from "./connect";
import { EMPTY, type Document } from "./document";
import { search } from "./search";
import type { NodeSpec, Specs } from "./specs";

const path = (import.meta.env as Readonly<Record<string, unknown>>)["WEFT_SPECS"];
const specs: Specs = new Map(
  typeof path === "string"
    ? ((await import(/* @vite-ignore */ path)) as { default: NodeSpec[] }).default.map((one) => [one.id, one])
    : [],
);

function withNodes(...kinds: readonly string[]): Document {
  return kinds
    .flatMap((kind) => specs.get(kind) ?? [])
    .reduce((document, spec) => addNode(document, spec, [0, 0]).sheet, EMPTY);
}

describe.skipIf(specs.size === 0)("the real nodes", () => {
  test("from a latent to an image is a decoder, though it needs a vae, and back an encoder", () => {
    const document = withNodes("EmptyLatentImage", "SaveImage", "LoadImage", "VAEDecode");
    const to = { node: "2", input: "images" };
    expect(bridges(document, specs, null, ["1", "latent"], to)[0]?.kind).toBe("VAEDecode");
    expect(refusal(document, specs, null, ["1", "latent"], to)).toBe(
      "LATENT does not fit into IMAGE: put 'Decode latent' between",
    );
    expect(bridges(document, specs, null, ["3", "image"], { node: "4", input: "samples" })[0]?.kind).toBe(
      "VAEEncode",
    );
  });

  test("each can be added, with the defaults that it says", () => {
    for (const spec of specs.values()) {
      const { sheet, id } = addNode(EMPTY, spec, [0, 0]);
      expect(sheet.nodes[id]?.inputs).toEqual(defaultsOf(spec));
    }
  });

  test("each is found first by its own title or id", () => {
    for (const spec of specs.values()) {
      expect(search(specs, spec.id)[0]?.spec.id).toBe(spec.id);
      expect(
        search(specs, spec.title)
          .slice(0, 3)
          .map((one) => one.spec.title),
      ).toContain(spec.title);
    }
  });

  test("every output finds somebody to take it", () => {
    for (const spec of specs.values())
      for (const output of spec.outputs) {
        const found = candidates(withNodes(spec.id), specs, null, { from: ["1", output.name] });
        expect(found.length).toBeGreaterThan(0);
      }
  });
});
