import {
  ComboboxInput,
  ComboboxItem,
  ComboboxList,
  ComboboxPopover,
  ComboboxProvider,
  ComboboxSelect,
} from "@ariakit/react";
import { ChevronsUpDown } from "lucide-react";
import { useMemo, useState } from "react";

const SEARCHED_FROM = 9; // options; fewer are seen at a glance

export interface ChooserProps {
  readonly id: string;
  readonly options: readonly string[];
  readonly value: string;
  readonly describedBy: string | undefined;
  readonly invalid: boolean;
  readonly placeholder?: string;
  readonly onChoose: (option: string) => void;
}

/** A list to choose from, with a search where it is long. A value that is not in the list is shown as what it is. */
export function Chooser(props: ChooserProps) {
  const { id, options, value, describedBy, invalid, placeholder = "Choose", onChoose } = props;
  const [typed, setTyped] = useState("");
  const shown = useMemo(() => narrowed(options, typed), [options, typed]);
  return (
    <ComboboxProvider
      selectedValue={value}
      setSelectedValue={(chosen) => {
        if (chosen !== value) onChoose(chosen);
      }}
      inputValue={typed}
      setInputValue={setTyped}
    >
      <ComboboxSelect
        id={id}
        className="field-select nodrag"
        moveOnKeyDown={false}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        title={value}
      >
        <span className="field-chosen">{value === "" ? placeholder : value}</span>
        <ChevronsUpDown size={12} aria-hidden />
      </ComboboxSelect>
      <ComboboxPopover portal gutter={4} className="field-menu nowheel" unmountOnHide>
        {options.length >= SEARCHED_FROM && (
          <ComboboxInput
            autoSelect
            className="field-search"
            placeholder="Search"
            aria-label="Search the list"
          />
        )}
        <ComboboxList className="field-list">
          {shown.map((option) => (
            <ComboboxItem key={option} value={option} className="field-option" setValueOnClick={false} />
          ))}
          {shown.length === 0 && <p className="field-none">Nothing of that name.</p>}
        </ComboboxList>
      </ComboboxPopover>
    </ComboboxProvider>
  );
}

/** The options that hold all the words that were typed. */
export function narrowed(options: readonly string[], typed: string): readonly string[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0
    ? options
    : options.filter((option) => words.every((word) => option.toLowerCase().includes(word)));
}
