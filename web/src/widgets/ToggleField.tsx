import type { Widget } from "../graph/specs";
import type { Kind } from "./Field";

type ToggleWidget = Extract<Widget, { kind: "Toggle" }>;

/** Yes or no. */
export function ToggleField({ id, value, setting, describedBy, invalid }: Kind<ToggleWidget>) {
  return (
    <input
      id={id}
      type="checkbox"
      role="switch"
      className="field-toggle nodrag"
      checked={value === true}
      aria-describedby={describedBy}
      aria-invalid={invalid || undefined}
      onChange={(event) => {
        setting.begin();
        setting.set(event.target.checked);
      }}
    />
  );
}
