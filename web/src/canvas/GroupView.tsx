import type { Node, NodeProps } from "@xyflow/react";
import { memo } from "react";

import { useCanvas } from "../state/canvas";
import { activeTab, editSheet, useTabs } from "../state/tabs";
import { chosenStyle } from "./colors";
import type { GroupContent } from "./model";
import { TitleField } from "./TitleField";

export type FlowGroup = Node<{ readonly content: GroupContent }>;

/** A frame around nodes: whoever drags its title drags what lies in it. */
export const GroupView = memo(
  function GroupView({ data: { content } }: NodeProps<FlowGroup>) {
    const { id, group } = content;
    const chosen = useTabs((tabs) => activeTab(tabs).selection.has(id));
    const renaming = useCanvas((canvas) => canvas.renaming === id);
    return (
      <section className="group" style={chosenStyle(group.color)} data-chosen={chosen || undefined}>
        <header className="group-head">
          {renaming ? (
            <TitleField
              title={group.title}
              label="Title of the group"
              onDone={(title) => {
                useCanvas.setState({ renaming: null });
                if (title !== null && title !== group.title)
                  editSheet("Rename group", (sheet) => ({
                    ...sheet,
                    groups: (sheet.groups ?? []).map((one) => (one.id === id ? { ...one, title } : one)),
                  }));
              }}
            />
          ) : (
            <h3 className="group-title" data-rename={id}>
              {group.title}
            </h3>
          )}
        </header>
        <span className="resize nodrag" data-resize={id} aria-hidden />
      </section>
    );
  },
  (before, after) => before.data.content === after.data.content,
);
