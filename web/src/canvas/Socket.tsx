import { memo } from "react";

import { portText } from "../graph/ports";
import type { Port } from "../graph/specs";
import { leaveOverlay } from "../run/overlay";
import { socketKey, useCanvas } from "../state/canvas";
import { typeStyle } from "./colors";
import { lookAtSocket } from "./look";

export interface SocketProps {
  readonly node: string;
  readonly side: "in" | "out";
  readonly name: string;
  readonly label: string;
  readonly port: Port;
  readonly linked: boolean;
  readonly required?: boolean;
  readonly help?: string;
}

/** Where a link begins or ends. Links are dragged from it; with the keyboard, Enter begins one. */
export const Socket = memo(function Socket({ node, side, name, label, port, linked, ...rest }: SocketProps) {
  const key = socketKey(side, node, name);
  const fit = useCanvas(({ wiring }) => (wiring ? wiring.fitting.has(key) : null));
  const type = portText(port);
  return (
    <button
      type="button"
      className="socket nodrag nopan"
      tabIndex={-1}
      style={typeStyle(port)}
      data-socket={side}
      data-node={node}
      data-name={name}
      data-list={port.kind === "list of" || undefined}
      data-any={port.kind === "anything" || undefined}
      data-linked={linked || undefined}
      data-needed={rest.required === true && !linked ? true : undefined}
      data-fit={fit ?? undefined}
      aria-label={`${side === "in" ? "Input" : "Output"} ${label}: ${type}${linked ? ", linked" : ""}`}
      title={[`${label}: ${type}`, rest.help].filter(Boolean).join("\n")}
      onPointerEnter={lookAtSocket}
      onPointerLeave={leaveOverlay}
    />
  );
});
