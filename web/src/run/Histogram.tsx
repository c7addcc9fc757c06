import { numberText } from "./format";

interface HistogramProps {
  readonly counts: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly mean: number | null;
}

const HEIGHT = 44;

/** How often which values occur, with the mean marked. */
export function Histogram({ counts, from, to, mean }: HistogramProps) {
  const most = Math.max(...counts, 1);
  // The root makes rare values visible beside one that is everywhere, such as the black of a mask.
  const heights = counts.map((count) => Math.sqrt(count / most) * HEIGHT);
  const at = mean !== null && to > from ? ((mean - from) / (to - from)) * counts.length : null;
  const label = `Values from ${numberText(from)} to ${numberText(to)}`;
  return (
    <figure className="histogram">
      <svg
        viewBox={`0 0 ${counts.length} ${HEIGHT}`}
        height={HEIGHT}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {heights.map((height, index) => (
          // Its place is what a bar is.
          <rect key={index} x={index + 0.06} y={HEIGHT - height} width={0.88} height={height} />
        ))}
        {at !== null && <line x1={at} x2={at} y1={0} y2={HEIGHT} vectorEffect="non-scaling-stroke" />}
      </svg>
      <figcaption>
        <span>{numberText(from)}</span>
        <span>{numberText(to)}</span>
      </figcaption>
    </figure>
  );
}
