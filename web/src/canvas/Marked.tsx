import type { ReactNode } from "react";

export interface MarkedProps {
  readonly text: string;
  readonly ranges: readonly (readonly [begin: number, end: number])[];
}

/** A text with the letters that were found made strong. */
export function Marked({ text, ranges }: MarkedProps) {
  const parts: ReactNode[] = [];
  let at = 0;
  for (const [begin, end] of ranges) {
    if (begin < at || end > text.length) continue;
    parts.push(text.slice(at, begin), <b key={begin}>{text.slice(begin, end)}</b>);
    at = end;
  }
  return (
    <span className="search-title">
      {parts}
      {text.slice(at)}
    </span>
  );
}
