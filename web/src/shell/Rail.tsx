import {
  FolderOpen,
  History,
  Images,
  LayoutTemplate,
  ListOrdered,
  ListTree,
  type LucideIcon,
} from "lucide-react";

import { toggleLeft, useChrome, type LeftPanel } from "../state/chrome";

const PANELS: readonly { panel: LeftPanel; label: string; icon: LucideIcon }[] = [
  { panel: "files", label: "Files", icon: FolderOpen },
  { panel: "templates", label: "Templates", icon: LayoutTemplate },
  { panel: "outline", label: "Outline", icon: ListTree },
  { panel: "queue", label: "Queue", icon: ListOrdered },
  { panel: "history", label: "History", icon: History },
  { panel: "gallery", label: "Gallery", icon: Images },
];

/** The buttons that open the panels at the left. */
export function Rail() {
  const open = useChrome((chrome) => chrome.left);
  return (
    <nav className="rail" aria-label="Panels">
      {PANELS.map(({ panel, label, icon: Icon }) => (
        <button
          key={panel}
          type="button"
          className="rail-button"
          aria-pressed={open === panel}
          title={label}
          onClick={() => {
            toggleLeft(panel);
          }}
        >
          <Icon size={18} aria-hidden />
          <span>{label}</span>
        </button>
      ))}
    </nav>
  );
}
