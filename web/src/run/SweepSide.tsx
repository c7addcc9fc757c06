import { Combobox, ComboboxItem, ComboboxPopover, ComboboxProvider } from "@ariakit/react";
import { useState } from "react";

import { axesOf, exampleFor, setSide, type Side, type SweepField } from "./sweeping";
import { describe } from "../graph/titles";

const MOST = 60; // fields in the list; typing finds the others

interface SweepSideProps {
  readonly index: 0 | 1;
  readonly title: string;
  readonly side: Side;
  readonly fields: readonly SweepField[];
}

/** One side of the grid: a field, and the values that it shall have. */
export function SweepSide({ index, title, side, fields }: SweepSideProps) {
  const { field, text } = side;
  const values = axesOf([side])[0]?.values ?? [];
  const label = `${title}: the values`;
  return (
    <fieldset className="sweep-side">
      <legend>{title}</legend>
      <FieldChooser index={index} field={field} fields={fields} />
      {field && (
        <>
          <textarea
            className="sweep-values"
            rows={field.widget.kind === "Text" ? 4 : 2}
            aria-label={label}
            placeholder={exampleFor(field.widget)}
            value={text}
            onChange={(event) => {
              setSide(index, { text: event.target.value });
            }}
          />
          <p className="sweep-told">
            {field.widget.kind === "Choice" && (
              <button
                type="button"
                onClick={() => {
                  if (field.widget.kind === "Choice")
                    setSide(index, { text: field.widget.options.join(", ") });
                }}
              >
                All of them
              </button>
            )}
            {values.length > 0
              ? `${values.length}: ${values
                  .slice(0, 6)
                  .map((value) => describe(value, 24))
                  .join(", ")}${values.length > 6 ? " …" : ""}`
              : `It is ${field.value} now. For example: ${exampleFor(field.widget)}`}
          </p>
        </>
      )}
    </fieldset>
  );
}

interface FieldChooserProps {
  readonly index: 0 | 1;
  readonly field: SweepField | null;
  readonly fields: readonly SweepField[];
}

function FieldChooser({ index, field, fields }: FieldChooserProps) {
  const [typed, setTyped] = useState("");
  const found = fields.filter(({ name }) => name.toLowerCase().includes(typed.toLowerCase())).slice(0, MOST);
  return (
    <ComboboxProvider inputValue={typed} setInputValue={setTyped} resetValueOnHide>
      <div className="sweep-field">
        <Combobox
          className="compare-choose"
          aria-label={index === 0 ? "Which field changes downwards" : "Which field changes across"}
          placeholder={field?.name ?? (index === 0 ? "Which field?" : "Another field, if you like")}
        />
        {field && (
          <button
            type="button"
            className="sweep-none"
            onClick={() => {
              setSide(index, { field: null, text: "" });
            }}
          >
            None
          </button>
        )}
      </div>
      <ComboboxPopover portal={false} sameWidth gutter={4} className="menu sweep-list">
        {found.map((one) => (
          <ComboboxItem
            key={`${one.node} ${one.input}`}
            className="menu-item"
            value={one.name}
            setValueOnClick={false}
            onClick={() => {
              setSide(index, { field: one, text: "" });
            }}
          >
            <span>{one.name}</span>
            <small>{one.value}</small>
          </ComboboxItem>
        ))}
        {found.length === 0 && <p className="sweep-told">No field is called that.</p>}
      </ComboboxPopover>
    </ComboboxProvider>
  );
}
