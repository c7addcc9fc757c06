import { useMemo } from "react";

import type { Literal, SeedControl } from "../graph/document";
import { setInput, setMeta } from "../graph/edit";
import type { InputSpec } from "../graph/specs";
import { currentSheet, editSheet } from "../state/tabs";

let gestures = 0;

/** How a field changes its value. Between `begin` and the next `begin` all changes are one step of undo. */
export interface Setting {
  readonly begin: () => void;
  readonly set: (value: Literal) => void;
  /** Take the user's value away, so that the default holds. */
  readonly clear: () => void;
  readonly control: (control: SeedControl) => void;
}

/** The setting of one input of a node of the sheet that is shown. */
export function useSetting(node: string, spec: Pick<InputSpec, "name">): Setting {
  return useMemo(() => settingOf(node, spec.name), [node, spec.name]);
}

function settingOf(node: string, input: string): Setting {
  let gesture = nextGesture();
  const label = `Change ${input}`;
  return {
    begin: () => {
      gesture = nextGesture();
    },
    set: (value) => {
      if (currentSheet().nodes[node]?.inputs[input] === value) return;
      editSheet(label, (sheet) => setInput(sheet, node, input, value), gesture);
    },
    clear: () => {
      gesture = nextGesture();
      editSheet(`Reset ${input}`, (sheet) => setInput(sheet, node, input, undefined), gesture);
    },
    control: (control) => {
      editSheet(`Keep ${input} ${control}`, (sheet) => {
        const before = sheet.nodes[node]?._meta?.control;
        return setMeta(sheet, node, { control: { ...before, [input]: control } });
      });
    },
  };
}

function nextGesture(): string {
  gestures += 1;
  return `field-${String(gestures)}`;
}
