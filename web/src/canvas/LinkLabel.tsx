import { flatId, FROM_OUTSIDE, type Point } from "../graph/document";
import { sourceOf } from "../graph/reads";
import { LinkFacts } from "../run/LinkFacts";
import { currentScene } from "./current";
import type { Wire } from "./model";

const WIDTH = 260;
const HEIGHT = 26;

export interface LinkLabelProps {
  readonly wire: Wire;
  readonly instances: readonly string[];
  readonly at: Point;
  /** What is wrong with the link. */
  readonly clash: string | null;
}

/** What is known of a link's value before a run, in the middle of the link; or why it does not fit. */
export function LinkLabel({ wire, instances, at, clash }: LinkLabelProps) {
  const [node, output] = sourceOf(currentScene().sheet, wire.from);
  if (clash === null && node === FROM_OUTSIDE) return null;
  return (
    <foreignObject
      className="link-label"
      data-clash={clash !== null || undefined}
      x={at[0] - WIDTH / 2}
      y={at[1] - HEIGHT - 8}
      width={WIDTH}
      height={HEIGHT}
    >
      {clash === null ? (
        <LinkFacts node={flatId(instances, node)} output={output} />
      ) : (
        <span className="link-facts">{clash}</span>
      )}
    </foreignObject>
  );
}
