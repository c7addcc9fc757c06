/** Looking closer at a picture: how large it is drawn, and where its middle is, in pixels of the page. */

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const CLOSEST = 64;
const MARGIN = 48; // pixels around a picture that just fits

/** The picture as large as fits, in the middle. Small ones are drawn larger, at whole multiples, so that pixels stay even. */
export function fitted(picture: Size, place: Size): View {
  const most = Math.min(
    (place.width - MARGIN * 2) / picture.width,
    (place.height - MARGIN * 2) / picture.height,
  );
  return { scale: most > 1 ? Math.max(1, Math.floor(most)) : Math.max(most, 0.01), x: 0, y: 0 };
}

/** Closer or farther by a factor, so that what is under the point stays under it. The point is seen from the middle. */
export function zoomedAt(
  view: View,
  point: { readonly x: number; readonly y: number },
  factor: number,
): View {
  const scale = Math.min(Math.max(view.scale * factor, 0.02), CLOSEST);
  const by = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * by, y: point.y - (point.y - view.y) * by };
}
