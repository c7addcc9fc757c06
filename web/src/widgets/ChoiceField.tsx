import type { Widget } from "../graph/specs";
import { Chooser } from "./Chooser";
import type { Kind } from "./Field";

type ChoiceWidget = Extract<Widget, { kind: "Choice" }>;

/** One of a closed list. */
export function ChoiceField({ id, widget, value, setting, describedBy, invalid }: Kind<ChoiceWidget>) {
  const byText = new Map(widget.options.map((option) => [String(option), option]));
  return (
    <Chooser
      id={id}
      options={[...byText.keys()]}
      value={typeof value === "string" ? value : typeof value === "number" ? String(value) : ""}
      describedBy={describedBy}
      invalid={invalid}
      onChoose={(text) => {
        setting.begin();
        setting.set(byText.get(text) ?? text);
      }}
    />
  );
}
