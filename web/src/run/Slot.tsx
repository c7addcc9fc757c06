import { Combobox, ComboboxItem, ComboboxPopover, ComboboxProvider } from "@ariakit/react";

import { useServer, type Run } from "../state/server";
import { sameShot, useComparing, type Shot } from "./shots";
import { Thumb } from "./Thumb";
import { runName } from "./words";

interface SlotProps {
  readonly side: "a" | "b";
  readonly shot: Shot;
}

const MOST = 40;

/** Which picture is A, or B: chosen among the last runs. */
export function Slot({ side, shot }: SlotProps) {
  const runs = useServer((server) => server.runs);
  const pictured = runs.filter((run) => run.picture !== null).slice(0, MOST);
  const run = runs.find((one) => one.id === shot.run);
  const choose = (one: Run) => {
    if (one.picture) useComparing.setState({ [side]: { file: one.picture, run: one.id } });
  };
  return (
    <ComboboxProvider resetValueOnHide>
      <div className="compare-slot">
        <span className="compare-side">{side.toUpperCase()}</span>
        {run && <Thumb run={run} file={shot.file} />}
        <Combobox
          className="compare-choose"
          aria-label={`Which picture is ${side.toUpperCase()}`}
          placeholder={run ? runName(run) : shot.file.filename}
        />
      </div>
      <ComboboxPopover portal gutter={4} className="menu">
        {pictured.map((one) => (
          <ComboboxItem
            key={one.id}
            className="menu-item compare-item"
            value={runName(one)}
            setValueOnClick={false}
            aria-current={(one.picture && sameShot({ file: one.picture, run: one.id }, shot)) ?? undefined}
            onClick={() => {
              choose(one);
            }}
          >
            <Thumb run={one} />
            {runName(one)}
          </ComboboxItem>
        ))}
      </ComboboxPopover>
    </ComboboxProvider>
  );
}
