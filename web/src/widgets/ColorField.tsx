import type { Literal } from "../graph/document";
import type { Widget } from "../graph/specs";
import type { Kind } from "./Field";

type ColorWidget = Extract<Widget, { kind: "Number" | "Text" }>;

/** A colour, kept as a text "#rrggbb" or as the number 0xrrggbb, as the node takes it. */
export function ColorField({ id, widget, value, setting, describedBy, invalid }: Kind<ColorWidget>) {
  const hex = hexOf(value);
  return (
    <span className="field-color nodrag">
      <input
        id={id}
        type="color"
        value={/^#[0-9a-f]{6}$/i.test(hex) ? hex : "#000000"}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        onFocus={setting.begin}
        onChange={(event) => {
          const chosen = event.target.value;
          setting.set(widget.kind === "Number" ? parseInt(chosen.slice(1), 16) : chosen);
        }}
      />
      <code>{hex}</code>
    </span>
  );
}

function hexOf(value: Literal): string {
  if (typeof value === "number") return `#${value.toString(16).padStart(6, "0")}`;
  return typeof value === "string" ? value : "#000000";
}
