import { Ban, ChevronDown, CornerDownRight, EyeOff, LogIn, Pin } from "lucide-react";
import { memo } from "react";

import { sheetAt, withSheet } from "../graph/document";
import { setMeta } from "../graph/edit";
import { usesOf } from "../graph/uses";
import { NodeBadge } from "../run/NodeBadge";
import { useCanvas } from "../state/canvas";
import { edit, editSheet } from "../state/tabs";
import { currentScene } from "./current";
import { enter } from "./sheets";
import type { NodeContent } from "./model";
import { TitleField } from "./TitleField";

// The only instance of a subgraph and the subgraph itself are one thing to the user.
function rename({ id, subgraph }: NodeContent, title: string): void {
  edit("Rename", (document) => {
    const { sheetId } = currentScene().source;
    const sheet = sheetAt(document, sheetId);
    if (!sheet) return document;
    if (subgraph !== null && title !== "" && usesOf(document, subgraph).length === 1)
      return withSheet(withSheet(document, sheetId, setMeta(sheet, id, { title: undefined })), subgraph, {
        title,
      });
    return withSheet(document, sheetId, setMeta(sheet, id, { title: title === "" ? undefined : title }));
  });
}

/** The head of a node: what it is called, how it is set, how it does. */
export const NodeHeader = memo(function NodeHeader({
  content,
  plain,
}: {
  readonly content: NodeContent;
  readonly plain: boolean;
}) {
  const { id, flat, node, title, subgraph, spec } = content;
  const renaming = useCanvas((canvas) => canvas.renaming === id);
  const collapsed = node._meta?.collapsed === true;
  return (
    <header className="node-head">
      {!plain && (
        <button
          type="button"
          className="node-fold nodrag"
          tabIndex={-1}
          aria-expanded={!collapsed}
          aria-label={collapsed ? "Open this node" : "Collapse this node"}
          onClick={() => {
            const next = collapsed ? undefined : true;
            editSheet(collapsed ? "Expand" : "Collapse", (sheet) => setMeta(sheet, id, { collapsed: next }));
          }}
        >
          <ChevronDown size={14} aria-hidden />
        </button>
      )}
      {renaming ? (
        <TitleField
          title={title}
          label={`Title of ${title}`}
          onDone={(text) => {
            useCanvas.setState({ renaming: null });
            if (text !== null && text !== title) rename(content, text);
          }}
        />
      ) : (
        <h3
          className="node-title"
          data-rename={id}
          title={spec?.help ?? `Nobody knows the kind ${node.class_type}`}
        >
          {title}
        </h3>
      )}
      {node._meta?.mode === "mute" && <EyeOff className="node-mark" size={13} aria-label="Muted" />}
      {node._meta?.mode === "bypass" && (
        <CornerDownRight className="node-mark" size={13} aria-label="Bypassed" />
      )}
      {node._meta?.pinned && <Pin className="node-mark" size={12} aria-label="Pinned" />}
      {!spec && <Ban className="node-mark node-mark-bad" size={13} aria-label="Unknown kind" />}
      {subgraph !== null && !plain && (
        <button
          type="button"
          className="node-fold nodrag"
          tabIndex={-1}
          aria-label={`Go into ${title}`}
          onClick={() => {
            enter(id, subgraph);
          }}
        >
          <LogIn size={13} aria-hidden />
        </button>
      )}
      <NodeBadge flat={flat} />
    </header>
  );
});
