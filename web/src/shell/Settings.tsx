import { useId, type ReactNode } from "react";

import { CHOICES, useChrome, type Choices } from "../state/chrome";
import { choose } from "./choices";
import { Modal } from "./Modal";

/** How the editor looks and behaves. */
export function Settings() {
  const choices = useChrome((chrome) => chrome.choices);
  return (
    <Modal title="Settings">
      <Pick
        label="Theme"
        value={choices.theme}
        options={{ system: "As the system", dark: "Dark", light: "Light", contrast: "Strong contrast" }}
        name="theme"
      />
      <Pick
        label="Motion"
        value={choices.motion}
        options={{ system: "As the system", reduced: "Reduced" }}
        name="motion"
      />
      <Pick
        label="Links"
        value={choices.linkStyle}
        options={{ spline: "Curves", straight: "Corners", linear: "Straight lines", hidden: "Hidden" }}
        name="linkStyle"
      />
      <Pick label="The wheel" value={choices.wheel} options={{ zoom: "Zooms", pan: "Moves" }} name="wheel" />
      <Pick
        label="Dragging on the empty canvas"
        value={choices.drag}
        options={{ select: "Chooses nodes", pan: "Moves" }}
        name="drag"
      />
      <Switch label="Nodes snap to the grid" name="snap" value={choices.snap} />
      <Switch label="Overview map" name="minimap" value={choices.minimap} />
      <Switch label="What would run, on each node" name="badges" value={choices.badges} />
      <Row label="Grid, in pixels">
        {(id) => (
          <input
            id={id}
            className="field-input"
            type="number"
            min={5}
            max={100}
            value={choices.grid}
            onChange={(event) => {
              const grid = event.target.valueAsNumber;
              if (grid >= 5 && grid <= 100) choose({ grid });
            }}
          />
        )}
      </Row>
      <button
        type="button"
        className="button"
        onClick={() => {
          choose({ ...CHOICES, keys: choices.keys });
        }}
      >
        As it was at first
      </button>
    </Modal>
  );
}

interface PickProps<K extends keyof Choices> {
  readonly label: string;
  readonly name: K;
  readonly value: Choices[K] & string;
  readonly options: Readonly<Record<Choices[K] & string, string>>;
}

function Pick<K extends keyof Choices>({ label, name, value, options }: PickProps<K>) {
  return (
    <Row label={label}>
      {(id) => (
        <select
          id={id}
          className="field-input"
          value={value}
          onChange={(event) => {
            choose({ [name]: event.target.value });
          }}
        >
          {Object.entries<string>(options).map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Row>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly name: "snap" | "minimap" | "badges";
  readonly value: boolean;
}

function Switch({ label, name, value }: SwitchProps) {
  return (
    <Row label={label}>
      {(id) => (
        <input
          id={id}
          type="checkbox"
          role="switch"
          className="field-toggle"
          checked={value}
          onChange={(event) => {
            choose({ [name]: event.target.checked });
          }}
        />
      )}
    </Row>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}
