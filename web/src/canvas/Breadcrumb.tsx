import { ChevronRight } from "lucide-react";
import { Fragment } from "react";

import { activeTab, useTabs } from "../state/tabs";
import { leaveTo } from "./sheets";

/** Where in the document the user is, once a subgraph was entered; each level above can be gone back to. */
export function Breadcrumb() {
  const tab = useTabs((tabs) => activeTab(tabs));
  if (tab.entered.length === 0) return null;
  const { subgraphs } = tab.history.now.document;
  const levels = [tab.name, ...tab.entered.map(({ subgraph }) => subgraphs?.[subgraph]?.title ?? subgraph)];
  return (
    <nav className="breadcrumb" aria-label="Subgraphs">
      {levels.map((title, depth) => {
        const here = depth === levels.length - 1;
        return (
          <Fragment key={depth}>
            {depth > 0 && <ChevronRight size={13} aria-hidden />}
            <button
              type="button"
              className="breadcrumb-level"
              aria-current={here ? "location" : undefined}
              disabled={here}
              onClick={() => {
                leaveTo(depth);
              }}
            >
              {title}
            </button>
          </Fragment>
        );
      })}
    </nav>
  );
}
