/** Small pictures of what nodes have shown, for the far view. They come when they are there; until then nothing is drawn. */

import { own } from "../graph/own";
import { useServer } from "../state/server";

const LOADED = new Map<string, HTMLImageElement>();
const MOST = 400;

let loaded = 0;

/** How many pictures have come so far: another number means that there is more to draw. */
export function loadedPictures(): number {
  return loaded;
}

/** The picture of a node, if it has one and it was loaded already; else it is asked for, and `arrived` is called. */
export function thumbnail(flat: string, arrived: () => void): HTMLImageElement | null {
  const { previews, shown } = useServer.getState();
  const file = own(shown, flat)?.images[0];
  const source =
    own(previews, flat) ??
    (file &&
      `api/view?${new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type, preview: "webp;70" }).toString()}`);
  if (source === undefined) return null;
  const known = LOADED.get(source);
  if (known) return known.complete && known.naturalWidth > 0 ? known : null;
  if (LOADED.size >= MOST) LOADED.clear();
  const image = new Image();
  image.onload = () => {
    loaded += 1;
    arrived();
  };
  image.src = source;
  LOADED.set(source, image);
  return null;
}
