/** The binary frames of the socket: pictures of what is not finished yet, and texts of nodes that run. */

import { isRecord, parsed } from "./answer";

const PREVIEW = 1;
const TEXT = 3;
const PREVIEW_WITH_META = 4;

export type Frame =
  | {
      readonly kind: "preview";
      /** Whose it is, and in which run; null where the frame does not say. */
      readonly node: string | null;
      readonly run: string | null;
      readonly media: string;
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
  | { readonly kind: "text"; readonly node: string; readonly text: string };

/** What is in a frame; null for one that the editor does not know, or that is cut off. */
export function frameIn(data: ArrayBuffer): Frame | null {
  if (data.byteLength < 8) return null;
  const view = new DataView(data);
  const second = view.getUint32(4);
  switch (view.getUint32(0)) {
    case PREVIEW: {
      const media = second === 2 ? "image/png" : "image/jpeg";
      return { kind: "preview", node: null, run: null, media, bytes: new Uint8Array(data, 8) };
    }
    case TEXT: {
      const node = textAt(data, 8, second);
      const text = node === null ? null : textAt(data, 8 + second, data.byteLength - 8 - second);
      return node === null || text === null ? null : { kind: "text", node, text };
    }
    case PREVIEW_WITH_META: {
      const meta = parsed(textAt(data, 8, second) ?? "");
      if (!isRecord(meta)) return null;
      return {
        kind: "preview",
        node: named(meta["display_node_id"]) ?? named(meta["node_id"]),
        run: named(meta["prompt_id"]),
        media: named(meta["image_type"]) ?? "image/jpeg",
        bytes: new Uint8Array(data, 8 + second),
      };
    }
    default:
      return null;
  }
}

function textAt(data: ArrayBuffer, begin: number, length: number): string | null {
  if (begin + length > data.byteLength) return null;
  return new TextDecoder().decode(new Uint8Array(data, begin, length));
}

function named(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
