import type { NodeProps } from "@xyflow/react";
import { memo } from "react";

import { isLink } from "../graph/document";
import { ANYTHING } from "../graph/specs";
import { activeTab, useTabs } from "../state/tabs";
import { typeStyle } from "./colors";
import type { FlowNode } from "./NodeView";
import { Socket } from "./Socket";
import { stateId } from "./NodeState";

/** A point that a link passes through. */
export const RerouteView = memo(
  function RerouteView({ data: { content } }: NodeProps<FlowNode>) {
    const { id, node, through } = content;
    const chosen = useTabs((tabs) => activeTab(tabs).selection.has(id));
    const port = through ?? ANYTHING;
    const linked = isLink(node.inputs["value"]);
    return (
      <div className="reroute" style={typeStyle(port)} data-chosen={chosen || undefined}>
        <Socket node={id} side="in" name="value" label="value" port={port} linked={linked} />
        <Socket node={id} side="out" name="value" label="value" port={port} linked />
        <span id={stateId(id)} className="unseen">
          {chosen ? "chosen" : ""}
        </span>
      </div>
    );
  },
  (before, after) => before.data.content === after.data.content,
);
