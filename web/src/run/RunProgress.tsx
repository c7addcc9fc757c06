import { useEffect, useState } from "react";

import { shareOf } from "../state/liveRun";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { useTitle } from "./nodes";
import { runGoingOn } from "./title";

const LONG = 400; // milliseconds after which it is said that an answer is waited for

/** How far the run is, and at which node; or that the server lets one wait. */
export function RunProgress() {
  const run = useLive(runGoingOn);
  const onTab = useServer((server) => server.shownRun === run?.id);
  const sending = useLive((live) => live.sending > 0);
  const slow = useLasting(sending, LONG);
  const working = run && Object.entries(run.progress).find(([, node]) => node.state === "running")?.[0];
  if (!run) return <span role="status">{slow && <span className="run-now">Sending</span>}</span>;
  const share = shareOf(run) ?? 0;
  const percent = `${Math.floor(share * 100)} %`;
  return (
    <div className="run-progress">
      <span className="run-now" role="status">
        {onTab ? working === undefined ? "Starting" : <Working flat={working} /> : "Running in another tab"}
      </span>
      <span className="run-percent">{percent}</span>
      <span
        className="run-bar"
        role="progressbar"
        aria-label="The whole run"
        aria-valuenow={Math.floor(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
      >
        <span style={{ transform: `scaleX(${share})` }} />
      </span>
    </div>
  );
}

function Working({ flat }: { readonly flat: string }) {
  return <>{useTitle(flat)}</>;
}

// Whether something has held for so long: what is over in a moment need not be said.
function useLasting(holds: boolean, milliseconds: number): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    if (!holds) return;
    const timer = setTimeout(() => {
      setLasts(true);
    }, milliseconds);
    return () => {
      clearTimeout(timer);
      setLasts(false);
    };
  }, [holds, milliseconds]);
  return holds && lasts;
}
