import "./widgets.css";

import { memo, useId } from "react";

import type { InputValue, Literal } from "../graph/document";
import type { InputSpec } from "../graph/specs";
import type { Problem } from "../state/server";
import { ChoiceField } from "./ChoiceField";
import { ColorField } from "./ColorField";
import { FileField } from "./FileField";
import { NumberField } from "./NumberField";
import { SeedField } from "./SeedField";
import { TextField } from "./TextField";
import { ToggleField } from "./ToggleField";
import { useSetting, type Setting } from "./setting";

export interface FieldProps {
  readonly node: string;
  readonly spec: InputSpec;
  readonly value: InputValue | undefined;
  readonly flat: string;
  readonly problem?: Problem | undefined;
}

/** What every kind of field is given. */
export interface Kind<W> {
  readonly id: string;
  readonly widget: W;
  readonly spec: InputSpec;
  readonly node: string;
  /** The value that holds now: the user's, or the default. */
  readonly value: Literal;
  readonly setting: Setting;
  /** The ids of the texts that describe it. */
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
}

/** An input of a node that a person can fill in: its name, its value, and what is wrong with it. */
export const Field = memo(function Field({ node, spec, value, problem }: FieldProps) {
  const id = useId();
  const setting = useSetting(node, spec);
  const help = `${id}-help`;
  const wrong = `${id}-wrong`;
  const describedBy = [spec.help && help, problem && wrong].filter(Boolean).join(" ");
  const kind = {
    id,
    spec,
    node,
    value: value ?? spec.default,
    setting,
    describedBy: describedBy || undefined,
    invalid: problem !== undefined,
  };
  return (
    <div
      className="field"
      data-kind={spec.widget?.kind}
      data-wide={isWide(spec) || undefined}
      data-default={value === undefined || undefined}
      data-invalid={problem ? true : undefined}
    >
      <label className="field-name" htmlFor={id} title={spec.help}>
        {spec.label ?? spec.name.replaceAll("_", " ")}
      </label>
      <FieldBody {...kind} />
      {spec.help && (
        <span id={help} hidden>
          {spec.help}
        </span>
      )}
      {problem && (
        <p id={wrong} className="field-problem" role="alert">
          {problem.message}
          {problem.hint && <span className="field-hint">{problem.hint}</span>}
        </p>
      )}
    </div>
  );
});

function FieldBody(kind: Omit<Kind<null>, "widget">) {
  const { widget } = kind.spec;
  if (widget === null) return null;
  switch (widget.kind) {
    case "Number":
      return isColor(kind.spec) ? (
        <ColorField {...kind} widget={widget} />
      ) : (
        <NumberField {...kind} widget={widget} />
      );
    case "Seed":
      return <SeedField {...kind} widget={widget} />;
    case "Text":
      return isColor(kind.spec) ? (
        <ColorField {...kind} widget={widget} />
      ) : (
        <TextField {...kind} widget={widget} />
      );
    case "Toggle":
      return <ToggleField {...kind} widget={widget} />;
    case "Choice":
      return <ChoiceField {...kind} widget={widget} />;
    case "File":
      return <FileField {...kind} widget={widget} />;
  }
}

/** A pack says that a number or a text is a colour: ComfyUI's `display: "color"`, or a type of that name. */
function isColor(spec: InputSpec): boolean {
  return spec.options?.["display"] === "color" || spec.type === "COLOR";
}

function isWide(spec: InputSpec): boolean {
  return spec.widget?.kind === "Text" && spec.widget.multiline;
}
