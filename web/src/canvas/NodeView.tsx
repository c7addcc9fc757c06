import "./node.css";

import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";

import { own } from "../graph/own";
import { NodePictures } from "../run/NodePictures";
import { useCanvas } from "../state/canvas";
import { useServer } from "../state/server";
import { activeTab, useTabs } from "../state/tabs";
import { chosenColor, chosenStyle } from "./colors";
import { NodeHeader } from "./NodeHeader";
import { NodeRow } from "./NodeRow";
import { NodeState, useProblems } from "./NodeState";
import type { NodeContent } from "./model";
import { Socket } from "./Socket";
import { labelOf } from "./shape";
import { isLink } from "../graph/document";

export type FlowNode = Node<{ readonly content: NodeContent }>;

/** A node: its header, its sockets and fields, and what it has shown. */
export const NodeView = memo(
  function NodeView({ data: { content } }: NodeProps<FlowNode>) {
    const { id, flat, node, shape } = content;
    const chosen = useTabs((tabs) => activeTab(tabs).selection.has(id));
    const state = useServer((server) => own(server.progress, flat)?.state);
    const failed = useServer((server) => server.failure?.node === flat);
    const plain = useCanvas(({ detail }) => detail !== "full");
    const problems = useProblems(flat);
    const collapsed = node._meta?.collapsed === true;
    return (
      <article
        className="node"
        style={chosenStyle(node._meta?.color)}
        data-colored={chosenColor(node._meta?.color) === null ? undefined : true}
        data-chosen={chosen || undefined}
        data-mode={node._meta?.mode}
        data-state={failed ? "failed" : state}
        data-wrong={problems.length > 0 || undefined}
        data-missing={content.spec ? undefined : true}
        data-collapsed={collapsed || undefined}
        data-instance={content.subgraph !== null || undefined}
      >
        <NodeHeader content={content} plain={plain} />
        {collapsed ? (
          <CollapsedSockets content={content} />
        ) : (
          <div className="node-body">
            {shape.rows.map((row) => (
              <NodeRow
                key={`${row.input?.name ?? ""}\n${row.output?.name ?? ""}`}
                id={id}
                flat={flat}
                row={row}
                value={row.input ? node.inputs[row.input.name] : undefined}
                problem={problems.find((one) => one.input !== null && one.input === row.input?.name)}
                plain={plain}
              />
            ))}
            {shape.pictures && (
              <div className="node-pictures" style={{ height: shape.pictures[1] }}>
                <NodePictures flat={flat} />
              </div>
            )}
          </div>
        )}
        <NodeState content={content} problems={problems} chosen={chosen} failed={failed} />
        {!collapsed && <span className="resize nodrag" data-resize={id} aria-hidden />}
      </article>
    );
  },
  (before, after) => before.data.content === after.data.content,
);

/** A collapsed node has all its sockets at two points. */
function CollapsedSockets({ content }: { readonly content: NodeContent }) {
  const [input] = content.inputs.filter(({ name }) => isLink(content.node.inputs[name]));
  const [output] = content.outputs;
  return (
    <>
      {input && <Socket {...input} node={content.id} side="in" label={labelOf(input)} linked />}
      {output && <Socket {...output} node={content.id} side="out" label={labelOf(output)} linked />}
    </>
  );
}
