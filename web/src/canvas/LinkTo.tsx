import "./search.css";

import { Combobox, ComboboxItem, ComboboxList, ComboboxProvider } from "@ariakit/react";
import { useMemo, useState } from "react";

import { connect } from "../graph/connect";
import { portText } from "../graph/ports";
import { useCanvas, type CanvasState, type LooseEnd } from "../state/canvas";
import { say } from "../state/chrome";
import { editSheet } from "../state/tabs";
import { typeStyle } from "./colors";
import { currentScene } from "./current";
import { fittingEnds, linkBetween, nameOfEnd, portOfEnd, type FittingEnd } from "./ends";
import { SearchFrame } from "./SearchFrame";

const MOST = 100;

/** Linking by keyboard: all sockets that a loose end fits, by name. */
export default function LinkTo({ linking }: { readonly linking: NonNullable<CanvasState["linking"]> }) {
  const { end, page } = linking;
  const [query, setQuery] = useState("");
  const [active, setActive] = useState<string | null | undefined>(undefined);
  const fitting = useMemo(() => fittingEnds(currentScene(), end), [end]);
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = fitting.filter(({ name }) => words.every((word) => name.toLowerCase().includes(word)));
  const [first] = found;
  const own = nameOfEnd(currentScene(), end);
  const label = "from" in end ? `Link ${own} to` : `Link ${own} from`;
  const close = () => {
    useCanvas.setState({ linking: null });
  };
  return (
    <SearchFrame label={label} page={page} onClose={close}>
      <ComboboxProvider
        compositeElementInFocusOrder={false}
        focusLoop={false}
        inputValue={query}
        setInputValue={setQuery}
        activeId={found.some(({ key }) => idOf(key) === active) ? active : first ? idOf(first.key) : null}
        setActiveId={setActive}
        open
      >
        <div className="search-main">
          <Combobox className="search-field" placeholder={`${label}…`} aria-label={label} />
          <ComboboxList alwaysVisible className="search-list" aria-label="Sockets that fit">
            {found.slice(0, MOST).map((one) => (
              <ComboboxItem
                key={one.key}
                id={idOf(one.key)}
                className="search-item search-socket"
                style={typeStyle(one.port)}
                hideOnClick={false}
                focusOnHover
                onClick={() => {
                  close();
                  link(end, one);
                }}
              >
                <span className="search-title">{one.name}</span>
                <span className="search-from">{one.free ? portText(one.port) : "linked"}</span>
              </ComboboxItem>
            ))}
          </ComboboxList>
          {found.length === 0 && (
            <p className="search-none" role="status">
              Nothing on this sheet fits {portText(portOfEnd(currentScene(), end))}
              {query && ` and is called “${query}”`}.
            </p>
          )}
        </div>
      </ComboboxProvider>
    </SearchFrame>
  );
}

function idOf(key: string): string {
  return `link-to-${key.replaceAll("\n", "-").replaceAll(" ", "_")}`;
}

function link(end: LooseEnd, to: FittingEnd): void {
  const made = linkBetween(end, to.end);
  if (!made) return;
  editSheet("Link", (sheet) => connect(sheet, made.from, made.to));
  say(`Linked to ${to.name}`);
}
