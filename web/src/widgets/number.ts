/** Numbers as people set them: steps, bounds, and how many digits are worth showing. */

export interface Bounds {
  readonly whole: boolean;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly step: number | null;
}

const WIDEST_SLIDER = 1000; // steps; a wider range is no help to a hand

/** How far one press of an arrow goes. */
export function stepOf({ whole, step }: Bounds): number {
  return step ?? (whole ? 1 : 0.01);
}

/** The number within its bounds, whole where it must be, and on the grid of its step from the smallest value on. */
export function within(value: number, bounds: Bounds, onGrid = false): number {
  const step = stepOf(bounds);
  const from = bounds.minimum ?? 0;
  const stepped = onGrid ? from + Math.round((value - from) / step) * step : value;
  const rounded = bounds.whole ? Math.round(stepped) : Number(stepped.toPrecision(12));
  return Math.min(bounds.maximum ?? Infinity, Math.max(bounds.minimum ?? -Infinity, rounded));
}

/** Where in its range the value is, from 0 to 1; null where the range is too wide for a slider to be of use. */
export function share(value: number, { minimum, maximum, ...rest }: Bounds): number | null {
  if (minimum === null || maximum === null || maximum <= minimum) return null;
  if ((maximum - minimum) / stepOf({ minimum, maximum, ...rest }) > WIDEST_SLIDER) return null;
  return Math.min(1, Math.max(0, (value - minimum) / (maximum - minimum)));
}

/** The number as a field shows it: no trailing noise of binary fractions. */
export function shownNumber(value: unknown): string {
  if (typeof value !== "number") return typeof value === "string" ? value : "";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(10)));
}

/** What a drag of so many pixels adds. Shift goes ten times finer, Control ten times farther. */
export function dragged(pixels: number, bounds: Bounds, fine: boolean, far: boolean): number {
  const range =
    bounds.minimum !== null && bounds.maximum !== null ? bounds.maximum - bounds.minimum : Infinity;
  const step = stepOf(bounds);
  const perPixel = range / step <= WIDEST_SLIDER ? range / 240 : step / 4;
  return pixels * perPixel * (fine ? 0.1 : far ? 10 : 1);
}
