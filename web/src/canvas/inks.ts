/** The design's colours as a 2D canvas takes them: it knows no custom properties, so they are read once for each theme. */

import { PALETTE } from "./colors";

export interface Inks {
  readonly font: string;
  readonly surface: string;
  readonly raised: string;
  readonly edge: string;
  readonly edgeStrong: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  readonly running: string;
  readonly cached: string;
  readonly canvas: string;
  readonly type: (hue: number | null) => string;
  readonly chosen: (color: string | undefined) => string | null;
}

/** The colours of the theme that an element is shown in. */
export function inksOf(element: Element): Inks {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const lightness = token("--type-l");
  const strength = token("--type-c");
  const ink3 = token("--ink-3");
  const type = (hue: number | null) => (hue === null ? ink3 : `oklch(${lightness} ${strength} ${hue})`);
  return {
    font: token("--font"),
    surface: token("--surface-2"),
    raised: token("--surface-3"),
    edge: token("--edge"),
    edgeStrong: token("--edge-strong"),
    ink: token("--ink"),
    ink2: token("--ink-2"),
    ink3,
    accent: token("--accent"),
    good: token("--good"),
    bad: token("--bad"),
    running: token("--running"),
    cached: token("--cached"),
    canvas: token("--canvas"),
    type,
    chosen: (color) => {
      if (color === undefined) return null;
      const hue = PALETTE.get(color);
      return hue === undefined ? (/^#[0-9a-f]{3,6}$/i.test(color) ? color : null) : type(hue);
    },
  };
}

/** Call when the theme changes; gives the way to stop. */
export function onTheme(changed: () => void): () => void {
  const watch = new MutationObserver(changed);
  watch.observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme", "class", "style"],
  });
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  return () => {
    watch.disconnect();
    system.removeEventListener("change", changed);
  };
}
