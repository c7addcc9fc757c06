import { Plus, X } from "lucide-react";
import { useEffect, useRef } from "react";

import { runAction } from "../state/actions";
import { changeTab, showTab, useTabs, type Tab } from "../state/tabs";
import { closeTab } from "./closing";

/** The open documents. A dot tells that one has changes that are in no file yet; they are kept all the same. */
export function TabBar() {
  const tabs = useTabs((state) => state.tabs);
  const active = useTabs((state) => state.active);
  return (
    <div className="tabs">
      <div role="tablist" aria-label="Open graphs" className="tabs-list">
        {tabs.map((tab) => (
          <TabButton key={tab.id} tab={tab} shown={tab.id === active} />
        ))}
      </div>
      <button
        type="button"
        className="tabs-new"
        title="New graph"
        aria-label="New graph"
        onClick={() => {
          void runAction("file.new");
        }}
      >
        <Plus size={14} aria-hidden />
      </button>
    </div>
  );
}

function TabButton({ tab, shown }: { readonly tab: Tab; readonly shown: boolean }) {
  const unsaved = tab.saved !== tab.history.now.document;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (shown) place.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [shown]);
  return (
    <div ref={place} className="tab" data-shown={shown || undefined}>
      <button
        type="button"
        role="tab"
        aria-selected={shown}
        tabIndex={shown ? 0 : -1}
        className="tab-name"
        onClick={() => {
          showTab(tab.id);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Delete") return;
          event.stopPropagation(); // what is chosen on the canvas stays
          closeTab(tab.id);
        }}
        onAuxClick={(event) => {
          if (event.button === 1) closeTab(tab.id);
        }}
        onDoubleClick={() => {
          const name = window.prompt("The graph's name", tab.name)?.trim();
          if (name) changeTab(() => ({ name }), tab.id);
        }}
      >
        {tab.name}
        {unsaved && (
          <span className="tab-dot" title="Not in a file yet">
            <span className="unseen">, not saved</span>
          </span>
        )}
      </button>
      <button
        type="button"
        className="tab-close"
        title={`Close ${tab.name}`}
        aria-hidden // a list of tabs may hold nothing but tabs: keys close one with Delete
        tabIndex={-1}
        onClick={() => {
          closeTab(tab.id);
        }}
      >
        <X size={12} aria-hidden />
      </button>
    </div>
  );
}
