import { ViewportPortal } from "@xyflow/react";

import type { Point } from "../graph/document";
import { useCanvas, type LooseEnd, type Wiring } from "../state/canvas";
import { typeStyle } from "./colors";
import { shownItem } from "./current";
import { portOfEnd } from "./ends";
import { socketAt } from "./items";
import type { Scene } from "./model";
import { pathOf } from "./wires";

/** The link that is being dragged, and what would become of it if it were let go here. */
export function WiringLine({ scene }: { readonly scene: Scene }) {
  const wiring = useCanvas((canvas) => canvas.wiring);
  if (!wiring) return null;
  const start = placeOf(scene, wiring.end);
  const target = wiring.target?.refusal === null ? placeOf(scene, wiring.target.end) : null;
  const loose = target ?? wiring.pointer;
  const [a, b] = "from" in wiring.end ? [start, loose] : [loose, start];
  return (
    a &&
    b && (
      <ViewportPortal>
        <svg className="links links-loose" aria-hidden style={typeStyle(portOfEnd(scene, wiring.end))}>
          <path
            className="link-line link-loose"
            data-met={target !== null || undefined}
            d={pathOf(a, b, "spline")}
          />
          <circle className="link-end" cx={loose[0]} cy={loose[1]} r={4} />
        </svg>
        <WiringLabel wiring={wiring} />
      </ViewportPortal>
    )
  );
}

function WiringLabel({ wiring }: { readonly wiring: Wiring }) {
  const { target, pointer } = wiring;
  if (!target?.refusal) return null;
  const [bridge] = target.bridges;
  return (
    <div
      className="wiring-label"
      role="status"
      style={{ translate: `${pointer[0] + 16}px ${pointer[1] + 16}px` }}
    >
      <p>{target.refusal}</p>
      {bridge && <p className="wiring-hint">Let go here to put {bridge.title} between</p>}
    </div>
  );
}

function placeOf(scene: Scene, end: LooseEnd): Point | null {
  const [id, side, name] =
    "from" in end
      ? ([end.from[0], "out", end.from[1]] as const)
      : ([end.to.node, "in", end.to.input] as const);
  const item = shownItem(scene, id);
  return item ? socketAt(item, side, name) : null;
}
