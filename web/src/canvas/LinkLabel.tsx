import { ViewportPortal } from "@xyflow/react";

import { flatId, FROM_OUTSIDE, type Point } from "../graph/document";
import { sourceOf } from "../graph/reads";
import { LinkFacts } from "../run/LinkFacts";
import { currentScene } from "./current";
import type { Wire } from "./model";

export interface LinkLabelProps {
  readonly wire: Wire;
  readonly instances: readonly string[];
  readonly at: Point;
  /** What is wrong with the link. */
  readonly clash: string | null;
}

/** What is known of a link's value before a run, above the middle of the link; or why it does not fit. */
export function LinkLabel({ wire, instances, at, clash }: LinkLabelProps) {
  const [node, output] = sourceOf(currentScene().sheet, wire.from);
  if (clash === null && node === FROM_OUTSIDE) return null;
  return (
    <ViewportPortal>
      <div
        className="link-label"
        data-clash={clash !== null || undefined}
        style={{ left: at[0], top: at[1] }}
      >
        {clash === null ? (
          <LinkFacts node={flatId(instances, node)} output={output} />
        ) : (
          <span className="link-facts">{clash}</span>
        )}
      </div>
    </ViewportPortal>
  );
}
