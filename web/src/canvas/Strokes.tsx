import { ViewportPortal } from "@xyflow/react";

import { useCanvas } from "../state/canvas";

/** What the pointer is drawing: the box that chooses, the stroke that cuts, the lines to which things snap. */
export function Strokes() {
  const box = useCanvas((canvas) => canvas.box);
  const stroke = useCanvas((canvas) => canvas.stroke);
  const guides = useCanvas((canvas) => canvas.guides);
  if (!box && !stroke && guides.length === 0) return null;
  return (
    <ViewportPortal>
      <svg className="strokes" aria-hidden>
        {box && <rect className="choose-box" x={box[0]} y={box[1]} width={box[2]} height={box[3]} />}
        {stroke && <polyline className="cut-stroke" points={stroke.map((point) => point.join()).join(" ")} />}
        {guides.map(({ axis, at, from, to }) => (
          <line
            key={`${axis} ${at}`}
            className="guide"
            {...(axis === "x" ? { x1: at, x2: at, y1: from, y2: to } : { x1: from, x2: to, y1: at, y2: at })}
          />
        ))}
      </svg>
    </ViewportPortal>
  );
}
