import { Dices, Lock, Minus, Plus, Shuffle } from "lucide-react";
import { Menu, MenuButton, MenuItemCheck, MenuItemRadio, MenuProvider } from "@ariakit/react";

import type { SeedControl } from "../graph/document";
import type { Widget } from "../graph/specs";
import { useTabs, currentSheet } from "../state/tabs";
import type { Kind } from "./Field";
import { NumberField } from "./NumberField";

type SeedWidget = Extract<Widget, { kind: "Seed" }>;

const LARGEST = Number.MAX_SAFE_INTEGER; // the engine takes 2**64 - 1, but JSON in a browser keeps 2**53 - 1 exact
const BOUNDS = { kind: "Number", whole: true, minimum: 0, maximum: LARGEST, step: 1 } as const;

const CONTROLS: readonly { control: SeedControl; label: string; icon: typeof Lock }[] = [
  { control: "fixed", label: "Keep it", icon: Lock },
  { control: "increment", label: "One more after each run", icon: Plus },
  { control: "decrement", label: "One less after each run", icon: Minus },
  { control: "randomize", label: "A new one after each run", icon: Shuffle },
];

/** A seed: a number, a button for a new one, and what becomes of it after each run. */
export function SeedField(kind: Kind<SeedWidget>) {
  const { node, spec, setting } = kind;
  const control = useTabs((tabs) => currentSheet(tabs).nodes[node]?._meta?.control?.[spec.name] ?? "fixed");
  const shown = CONTROLS.find((one) => one.control === control) ?? CONTROLS[0];
  const Icon = shown?.icon ?? Lock;
  return (
    <div className="field-seed nodrag">
      <NumberField {...kind} widget={BOUNDS} />
      <button
        type="button"
        className="field-button"
        aria-label="A new seed"
        title="A new seed"
        onClick={() => {
          setting.begin();
          setting.set(Math.floor(Math.random() * LARGEST));
        }}
      >
        <Dices size={14} aria-hidden />
      </button>
      <MenuProvider values={{ control }}>
        <MenuButton
          className="field-button"
          aria-label={`After each run: ${shown?.label ?? ""}`}
          title={shown?.label}
        >
          <Icon size={14} aria-hidden />
        </MenuButton>
        <Menu portal gutter={4} className="field-menu" unmountOnHide>
          {CONTROLS.map((one) => (
            <MenuItemRadio
              key={one.control}
              className="field-option"
              name="control"
              value={one.control}
              onChange={() => {
                setting.control(one.control);
              }}
            >
              <MenuItemCheck />
              {one.label}
            </MenuItemRadio>
          ))}
        </Menu>
      </MenuProvider>
    </div>
  );
}
