import { ViewportPortal } from "@xyflow/react";

import { usePaper } from "./usePaper";

/**
 * The dots of the grid. They move with the nodes, so that nothing of them is painted while the view is shifted; and as they
 * cover the sheet, the browser keeps all that lies on them as one picture.
 */
export function Dots({ gap, size }: { readonly gap: number; readonly size: number }) {
  const [left, top, width, height] = usePaper();
  const style = {
    left,
    top,
    width,
    height,
    backgroundSize: `${gap}px ${gap}px`,
    backgroundPosition: `${-(left % gap) - gap / 2}px ${-(top % gap) - gap / 2}px`,
    "--dots-size": `${size}px`,
  };
  return (
    <ViewportPortal>
      <div className="dots" style={style} aria-hidden />
    </ViewportPortal>
  );
}
