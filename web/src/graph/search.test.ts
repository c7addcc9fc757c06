import { describe, expect, test } from "vitest";

import { search } from "./search";
import { kind, KINDS } from "./toys";

const KNOWN = new Map(
  [
    kind("KSampler", "", "", { title: "Sample", category: "sampling" }),
    kind("KSamplerAdvanced", "", "", { title: "Sample (advanced)", category: "sampling" }),
    kind("SamplerCustom", "", "", { title: "Sample (custom)", category: "sampling/custom" }),
    kind("VAEDecode", "", "", { title: "Decode latent", category: "latent" }),
    kind("VAEDecodeTiled", "", "", { title: "Decode latent (tiled)", category: "_for_testing" }),
    kind("LoadImage", "", "", { title: "Load image", category: "image", aliases: ["open picture"] }),
    kind("OldImage", "", "", { title: "Load image", category: "image", deprecated: true }),
    kind("ImageBlur", "", "", { title: "Blur image", category: "image/post" }),
  ].map((one) => [one.id, one]),
);

function ids(query: string, among?: readonly string[]) {
  return search(KNOWN, query, among).map((one) => one.spec.id);
}

describe("searching", () => {
  test("finds by title, id, alias and category", () => {
    expect(ids("blur")).toEqual(["ImageBlur"]);
    expect(ids("ksampler")[0]).toBe("KSampler");
    expect(ids("open")).toEqual(["LoadImage"]);
    expect(ids("sampling")).toEqual(["KSampler", "SamplerCustom", "KSamplerAdvanced"]);
  });

  test("finds by the first letters of words, and with letters left out", () => {
    expect(ids("vd")[0]).toBe("VAEDecode");
    expect(ids("ksa")).toContain("KSamplerAdvanced");
    expect(ids("smplr")).toContain("KSampler");
  });

  test("puts what is exact first, and what nobody should be led to last", () => {
    expect(ids("sample")[0]).toBe("KSampler");
    expect(ids("decode latent")).toEqual(["VAEDecode", "VAEDecodeTiled"]);
    expect(ids("load image")).toEqual(["LoadImage", "OldImage"]);
  });

  test("wants every word, in any order", () => {
    expect(ids("image blur")).toEqual(["ImageBlur"]);
    expect(ids("image xylophone")).toEqual([]);
  });

  test("keeps to those that are named, and shows all in their order without a query", () => {
    expect(ids("image", ["ImageBlur", "nobody"])).toEqual(["ImageBlur"]);
    expect(ids("  ")).toEqual([...KNOWN.keys()]);
    expect(search(KINDS, "").every((one) => one.score === 0)).toBe(true);
  });

  test("tells which letters of the title were meant", () => {
    expect(search(KNOWN, "dec lat")[0]?.matched).toEqual([
      [0, 3],
      [7, 10],
    ]);
    expect(search(KNOWN, "ksampleradvanced")[0]?.matched).toEqual([]);
  });

  test("takes letters as letters, whatever they are elsewhere", () => {
    expect(ids("(custom)")).toEqual(["SamplerCustom"]);
    expect(ids(".*")).toEqual([]);
    expect(ids("[")).toEqual([]);
  });
});
