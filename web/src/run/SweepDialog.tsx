import "./sweep.css";

import { Play } from "lucide-react";

import { flatId } from "../graph/document";
import { Modal } from "../shell/Modal";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { activeTab, currentDocument, useTabs } from "../state/tabs";
import { SweepGrid } from "./SweepGrid";
import { SweepSide } from "./SweepSide";
import { axesOf, fieldsOf, MOST_RUNS, startSweep, useSweep } from "./sweeping";

/** The same graph with other values: one or two fields, a run for each combination, and a grid of what comes of it. */
export function SweepDialog() {
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  const tab = useTabs(activeTab);
  const { sides, sent } = useSweep();
  const sending = useLive((live) => live.sending > 0);
  const instances = tab.entered.map((one) => one.instance);
  const chosen = new Set([...tab.selection].map((id) => flatId(instances, id)));
  const fields = fieldsOf(document, specs, chosen);
  const count = axesOf(sides).reduce((product, axis) => product * axis.values.length, 1);
  const ready = axesOf(sides).length > 0 && count <= MOST_RUNS;
  return (
    <Modal title="Sweep over values" wide>
      <form
        className="sweep"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void startSweep();
        }}
      >
        <div className="sweep-sides">
          <SweepSide index={0} title="Down" side={sides[0]} fields={fields} />
          <SweepSide index={1} title="Across" side={sides[1]} fields={fields} />
        </div>
        <div className="sweep-go">
          <span role="status">
            {!ready && count > MOST_RUNS && `${count} runs are too many at once; ${MOST_RUNS} is the most.`}
            {!ready && count <= MOST_RUNS && "Choose a field and give it values."}
            {ready && (count === 1 ? "1 run" : `${count} runs`)}
          </span>
          <button type="submit" className="sweep-run" disabled={!ready || sending}>
            <Play size={13} fill="currentcolor" aria-hidden />
            {sending ? "Sending" : "Run them"}
          </button>
        </div>
      </form>
      {sent && <SweepGrid axes={sent.axes} runs={sent.runs} />}
    </Modal>
  );
}
