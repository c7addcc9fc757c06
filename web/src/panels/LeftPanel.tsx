import { lazy, type ComponentType } from "react";

import { Panel } from "../shell/Panel";
import { toggleLeft, useChrome, type LeftPanel as Name } from "../state/chrome";

const PANELS: Record<Name, { title: string; view: ComponentType }> = {
  files: { title: "Files", view: lazy(async () => ({ default: (await import("./Files")).Files })) },
  templates: {
    title: "Templates",
    view: lazy(async () => ({ default: (await import("./Templates")).Templates })),
  },
  outline: { title: "Outline", view: lazy(async () => ({ default: (await import("./Outline")).Outline })) },
  queue: {
    title: "Queue",
    view: lazy(async () => ({ default: (await import("../run/QueuePanel")).QueuePanel })),
  },
  history: {
    title: "History",
    view: lazy(async () => ({ default: (await import("../run/HistoryTree")).HistoryTree })),
  },
  gallery: {
    title: "Gallery",
    view: lazy(async () => ({ default: (await import("../run/GalleryPanel")).GalleryPanel })),
  },
};

/** The panel at the left that is open. */
export function LeftPanel() {
  const open = useChrome((chrome) => chrome.left);
  if (open === null) return null;
  const { title, view: View } = PANELS[open];
  return (
    <Panel
      key={open}
      title={title}
      side="left"
      close={() => {
        toggleLeft(open);
      }}
    >
      <View />
    </Panel>
  );
}
