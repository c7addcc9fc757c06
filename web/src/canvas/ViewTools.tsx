import { useStore } from "@xyflow/react";
import { Map as MapIcon, Maximize, Minus, Plus } from "lucide-react";

import { runAction } from "../state/actions";

/** Zoom, fit, and the small map. */
export function ViewTools() {
  const percent = useStore(({ transform }) => Math.round(transform[2] * 100));
  return (
    <div className="view-tools" role="toolbar" aria-label="View">
      <Tool action="view.minimap" label="Overview map" icon={MapIcon} />
      <Tool action="view.fit" label="Fit all into view" icon={Maximize} />
      <Tool action="view.zoomOut" label="Zoom out" icon={Minus} />
      <button
        type="button"
        className="view-zoom"
        title="Original size"
        onClick={() => void runAction("view.zoomReset")}
      >
        {percent}%
      </button>
      <Tool action="view.zoomIn" label="Zoom in" icon={Plus} />
    </div>
  );
}

interface ToolProps {
  readonly action: string;
  readonly label: string;
  readonly icon: typeof Plus;
}

function Tool({ action, label, icon: Icon }: ToolProps) {
  return (
    <button
      type="button"
      className="view-tool"
      aria-label={label}
      title={label}
      onClick={() => void runAction(action)}
    >
      <Icon size={15} aria-hidden />
    </button>
  );
}
