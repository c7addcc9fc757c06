import { Menu, MenuButton, MenuProvider } from "@ariakit/react";
import { PanelRight, Redo2, Search, Undo2 } from "lucide-react";

import { RunControls } from "../run/RunControls";
import { allActions, runAction, type Section } from "../state/actions";
import { toggleRight } from "../state/chrome";
import { activeTab, useTabs } from "../state/tabs";
import { ActionItem } from "./ActionItem";
import { keyText } from "./keys";

const MENUS: readonly Section[] = ["File", "Edit", "Node", "Link", "View", "Run", "Panels", "Help"];

/** Menus at the left, running at the right. */
export function TopBar() {
  const past = useTabs((tabs) => activeTab(tabs).history.past.length > 0);
  const future = useTabs((tabs) => activeTab(tabs).history.future.length > 0);
  return (
    <header className="top">
      <h1 className="top-name">Weft</h1>
      <nav className="top-menus" aria-label="Menus">
        {MENUS.map((section) => (
          <SectionMenu key={section} section={section} />
        ))}
      </nav>
      <IconButton id="edit.undo" label="Undo" icon={Undo2} off={!past} />
      <IconButton id="edit.redo" label="Redo" icon={Redo2} off={!future} />
      <button
        type="button"
        className="top-search"
        onClick={() => {
          void runAction("help.palette");
        }}
      >
        <Search size={14} aria-hidden />
        <span>Find anything</span>
        <kbd>{keyText("$mod+k")}</kbd>
      </button>
      <RunControls />
      <button
        type="button"
        className="top-icon"
        aria-label="Inspector"
        title="Inspector"
        onClick={() => {
          toggleRight("inspector");
        }}
      >
        <PanelRight size={16} aria-hidden />
      </button>
    </header>
  );
}

function SectionMenu({ section }: { readonly section: Section }) {
  return (
    <MenuProvider>
      <MenuButton className="top-menu">{section}</MenuButton>
      <Menu portal gutter={4} className="menu" unmountOnHide>
        {allActions()
          .filter((action) => action.section === section)
          .map((action) => (
            <ActionItem key={action.id} action={action} />
          ))}
      </Menu>
    </MenuProvider>
  );
}

interface IconButtonProps {
  readonly id: string;
  readonly label: string;
  readonly icon: typeof Undo2;
  readonly off: boolean;
}

function IconButton({ id, label, icon: Icon, off }: IconButtonProps) {
  return (
    <button
      type="button"
      className="top-icon"
      aria-label={label}
      title={label}
      disabled={off}
      onClick={() => {
        void runAction(id);
      }}
    >
      <Icon size={16} aria-hidden />
    </button>
  );
}
