import { Menu, MenuItem, MenuProvider, MenuSeparator, useMenuStore } from "@ariakit/react";
import { useEffect } from "react";

import { allActions, runAction } from "../state/actions";
import { useCanvas, type CanvasState, type MenuSubject } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { keysOf, keyText } from "../shell/keys";
import { PALETTE, typeStyle } from "./colors";
import { ANYTHING } from "../graph/specs";
import { entriesFor, type Entry } from "./menus";
import { paint } from "./acts/nodes";

/** The menu of a node, a link, a socket, a group or the canvas, where it was asked for. */
export function CanvasMenu() {
  const menu = useCanvas((canvas) => canvas.menu);
  if (!menu) return null;
  const close = () => {
    useCanvas.setState({ menu: null });
  };
  const [x, y] = menu.page;
  return <OpenMenu key={`${x} ${y}`} menu={menu} close={close} />;
}

interface OpenMenuProps {
  readonly menu: NonNullable<CanvasState["menu"]>;
  readonly close: () => void;
}

function OpenMenu({ menu, close }: OpenMenuProps) {
  const [x, y] = menu.page;
  const store = useMenuStore({
    open: true,
    placement: "bottom-start",
    setOpen: (open) => {
      if (!open) close();
    },
  });
  useEffect(() => {
    // Its entries are known to it only after they were drawn.
    const frame = requestAnimationFrame(() => {
      store.move(store.first());
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [store]);
  return (
    <MenuProvider store={store}>
      <Menu
        store={store}
        className="menu"
        portal
        gutter={2}
        autoFocusOnShow
        aria-label={labelFor(menu.subject)}
        getAnchorRect={() => ({ x, y, width: 0, height: 0 })}
      >
        {entriesFor(menu.subject).map((entry, place) => (
          <MenuEntry key={place} entry={entry} />
        ))}
        {coloured(menu.subject) && <Swatches onDone={close} />}
      </Menu>
    </MenuProvider>
  );
}

function MenuEntry({ entry }: { readonly entry: Entry }) {
  if (entry === "-") return <MenuSeparator className="menu-line" />;
  if (typeof entry === "string") return <ActionEntry id={entry} />;
  return (
    <MenuItem className="menu-item" onClick={entry.run}>
      <span>{entry.title}</span>
    </MenuItem>
  );
}

function ActionEntry({ id }: { readonly id: string }) {
  const chosen = useChrome((chrome) => chrome.choices.keys);
  const action = allActions().find((one) => one.id === id);
  if (!action) return null;
  const [keys] = keysOf(action, chosen);
  return (
    <MenuItem className="menu-item" disabled={!(action.when?.() ?? true)} onClick={() => void runAction(id)}>
      <span>{action.title}</span>
      {keys && <kbd>{keyText(keys)}</kbd>}
    </MenuItem>
  );
}

function Swatches({ onDone }: { readonly onDone: () => void }) {
  return (
    <div className="swatches" role="group" aria-label="Colour">
      {[null, ...PALETTE.keys()].map((color) => {
        const hue = color === null ? null : (PALETTE.get(color) ?? null);
        return (
          <MenuItem
            key={color ?? "none"}
            className="swatch"
            aria-label={color ?? "no colour"}
            data-none={color === null || undefined}
            style={
              hue === null
                ? typeStyle(ANYTHING)
                : ({ "--type": `oklch(var(--type-l) var(--type-c) ${hue})` } as object)
            }
            onClick={() => {
              paint(color);
              onDone();
            }}
          />
        );
      })}
    </div>
  );
}

function coloured({ kind }: MenuSubject): boolean {
  return kind === "node" || kind === "group" || kind === "note";
}

function labelFor({ kind }: MenuSubject): string {
  return kind === "bridges" ? "What to put between" : `Menu of the ${kind}`;
}
