import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";

import { activeTab, useTabs } from "../state/tabs";
import type { BoundaryContent } from "./model";
import { Socket } from "./Socket";
import { BoundaryPort } from "./BoundaryPort";

export type FlowBoundary = Node<{ readonly content: BoundaryContent }>;

/** One end of a subgraph, seen from the inside: what comes in, or what goes out. */
export const BoundaryView = memo(
  function BoundaryView({ data: { content } }: NodeProps<FlowBoundary>) {
    const { id, kind, sheetId, shape } = content;
    const chosen = useTabs((tabs) => activeTab(tabs).selection.has(id));
    const ports = kind === "inputs" ? content.outputs : content.inputs;
    const side = kind === "inputs" ? "out" : "in";
    return (
      <article className="node boundary" data-chosen={chosen || undefined}>
        <header className="node-head">
          <h3 className="node-title">{kind === "inputs" ? "Inputs" : "Outputs"}</h3>
        </header>
        <div className="node-body">
          {ports.map((port, place) => (
            <div key={port.name} className="node-row" style={{ height: shape.rows[place]?.height }}>
              <BoundaryPort
                sheetId={sheetId}
                side={kind}
                name={port.name}
                label={port.label ?? port.name}
                first={place === 0}
                last={place === ports.length - 1}
              />
              <Socket
                node={id}
                side={side}
                name={port.name}
                label={port.label ?? port.name}
                port={port.port}
                linked
              />
            </div>
          ))}
          <p className="boundary-hint">Drop a link here to add</p>
        </div>
      </article>
    );
  },
  (before, after) => before.data.content === after.data.content,
);
