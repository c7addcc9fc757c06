/** What belongs to the editor as a whole: tabs, undo, panels, dialogs, looks. */

import { registerActions, type Action } from "../state/actions";
import {
  openDialog,
  toggleLeft,
  toggleRight,
  useChrome,
  type LeftPanel,
  type RightPanel,
} from "../state/chrome";
import { activeTab, openTab, redoStep, showTab, undoStep, useTabs } from "../state/tabs";
import { EMPTY } from "../graph/document";
import { choose } from "./choices";
import { goToFields } from "./going";
import { chooseFiles } from "./dropping";
import { downloadAs, downloadDocument, save, saveAs } from "./files";
import { canReopen, closeTab, reopenTab } from "./closing";

const LEFT: readonly (readonly [LeftPanel, string, string?])[] = [
  ["files", "Files", "w"],
  ["templates", "Templates"],
  ["outline", "Outline", "o"],
  ["queue", "Queue", "q"],
  ["history", "History", "h"],
  ["gallery", "Gallery", "g"],
];
const RIGHT: readonly (readonly [RightPanel, string, string?])[] = [
  ["inspector", "Inspector", "i"],
  ["problems", "Problems"],
  ["form", "Form"],
  ["timeline", "Timeline"],
  ["compare", "Compare"],
  ["diff", "Differences"],
];

function step(by: number): void {
  const { tabs } = useTabs.getState();
  const at = tabs.indexOf(activeTab());
  const next = tabs[(at + by + tabs.length) % tabs.length];
  if (next) showTab(next.id);
}

function panelAction(panel: string, title: string, key: string | undefined, toggle: () => void): Action {
  return { id: `panel.${panel}`, title, section: "Panels", ...(key ? { keys: [key] } : {}), run: toggle };
}

registerActions([
  {
    id: "file.new",
    title: "New graph",
    section: "File",
    keys: ["Alt+n"],
    run: () => {
      openTab(EMPTY, "Untitled");
    },
  },
  {
    id: "file.open",
    title: "Open a file from this computer",
    section: "File",
    keys: ["$mod+o"],
    run: chooseFiles,
  },
  { id: "file.save", title: "Save", section: "File", keys: ["$mod+s"], inText: true, run: save },
  { id: "file.saveAs", title: "Save as", section: "File", keys: ["$mod+Shift+s"], inText: true, run: saveAs },
  { id: "file.download", title: "Download", section: "File", run: downloadDocument },
  {
    id: "file.exportPrompt",
    title: "Export for ComfyUI's API",
    section: "File",
    run: () => downloadAs("prompt"),
  },
  {
    id: "file.exportWorkflow",
    title: "Export as ComfyUI workflow",
    section: "File",
    run: () => downloadAs("workflow"),
  },
  {
    id: "file.close",
    title: "Close",
    section: "File",
    keys: ["Alt+w"],
    run: () => {
      closeTab(activeTab().id);
    },
  },
  {
    id: "file.reopen",
    title: "Open the closed graph again",
    section: "File",
    keys: ["$mod+Shift+t"],
    when: canReopen,
    run: reopenTab,
  },
  {
    id: "file.next",
    title: "Next graph",
    section: "File",
    keys: ["Alt+PageDown"],
    run: () => {
      step(1);
    },
  },
  {
    id: "file.previous",
    title: "Previous graph",
    section: "File",
    keys: ["Alt+PageUp"],
    run: () => {
      step(-1);
    },
  },
  {
    id: "edit.undo",
    title: "Undo",
    section: "Edit",
    keys: ["$mod+z"],
    when: () => activeTab().history.past.length > 0,
    run: undoStep,
  },
  {
    id: "edit.redo",
    title: "Redo",
    section: "Edit",
    keys: ["$mod+Shift+z", "$mod+y"],
    when: () => activeTab().history.future.length > 0,
    run: redoStep,
  },
  ...LEFT.map(([panel, title, key]) =>
    panelAction(panel, title, key, () => {
      toggleLeft(panel);
    }),
  ),
  ...RIGHT.map(([panel, title, key]) =>
    panelAction(panel, title, key, () => {
      toggleRight(panel);
    }),
  ),
  {
    id: "node.fields",
    title: "Go to its fields",
    section: "Node",
    keys: ["e"],
    aliases: ["edit values"],
    when: () => activeTab().selection.size === 1,
    run: goToFields,
  },
  {
    id: "view.focus",
    title: "Canvas alone",
    section: "View",
    keys: ["f"],
    aliases: ["focus mode", "hide panels"],
    run: () => {
      useChrome.setState(({ left, right }) =>
        left || right ? { left: null, right: null } : { right: "inspector" },
      );
    },
  },
  {
    id: "view.theme",
    title: "Next theme",
    section: "View",
    aliases: ["dark", "light", "contrast"],
    run: () => {
      const order = ["dark", "light", "contrast"] as const;
      const { theme } = useChrome.getState().choices;
      choose({
        theme: order[(order.indexOf(theme === "system" ? "dark" : theme) + 1) % order.length] ?? "dark",
      });
    },
  },
  {
    id: "edit.find",
    title: "Find in the graph",
    section: "Edit",
    keys: ["$mod+f"],
    run: () => {
      openDialog("find");
    },
  },
  {
    id: "help.palette",
    title: "All actions",
    section: "Help",
    keys: ["$mod+k", "$mod+Shift+p"],
    inText: true,
    run: () => {
      openDialog("palette");
    },
  },
  {
    id: "help.keys",
    title: "Keys",
    section: "Help",
    keys: ["$mod+Shift+k", "Shift+?"],
    aliases: ["cheat sheet", "shortcuts"],
    run: () => {
      openDialog("keys");
    },
  },
  {
    id: "help.settings",
    title: "Settings",
    section: "Help",
    keys: ["$mod+,"],
    run: () => {
      openDialog("settings");
    },
  },
  {
    id: "help.missing",
    title: "Missing nodes and files",
    section: "Help",
    run: () => {
      openDialog("missing");
    },
  },
  {
    id: "help.about",
    title: "About Weft",
    section: "Help",
    run: () => {
      openDialog("about");
    },
  },
]);
