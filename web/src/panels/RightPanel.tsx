import { lazy, type ComponentType } from "react";

import { Panel } from "../shell/Panel";
import { toggleRight, useChrome, type RightPanel as Name } from "../state/chrome";

const PANELS: Record<Name, { title: string; view: ComponentType }> = {
  inspector: {
    title: "Inspector",
    view: lazy(async () => ({ default: (await import("./Inspector")).Inspector })),
  },
  problems: {
    title: "Problems",
    view: lazy(async () => ({ default: (await import("./Problems")).Problems })),
  },
  form: { title: "Form", view: lazy(async () => ({ default: (await import("./Form")).Form })) },
  timeline: {
    title: "Timeline",
    view: lazy(async () => ({ default: (await import("../run/TimelinePanel")).TimelinePanel })),
  },
  compare: {
    title: "Compare",
    view: lazy(async () => ({ default: (await import("../run/ComparePanel")).ComparePanel })),
  },
  diff: {
    title: "Differences",
    view: lazy(async () => ({ default: (await import("./DiffPanel")).DiffPanel })),
  },
};

/** The panel at the right that is open. */
export function RightPanel() {
  const open = useChrome((chrome) => chrome.right);
  if (open === null) return null;
  const { title, view: View } = PANELS[open];
  return (
    <Panel
      key={open}
      title={title}
      side="right"
      close={() => {
        toggleRight(open);
      }}
    >
      <View />
    </Panel>
  );
}
