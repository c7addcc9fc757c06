import { useEffect, useState } from "react";

import { secondsText } from "./format";

const EVERY = 200; // milliseconds

/** The time since this was first shown, counting on. Nothing within the first moment: most nodes are over by then. */
export function Elapsed() {
  const [began] = useState(() => performance.now());
  const [now, setNow] = useState(began);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(performance.now());
    }, EVERY);
    return () => {
      clearInterval(timer);
    };
  }, []);
  const seconds = (now - began) / 1000;
  return seconds < 0.5 ? null : (
    <span className="badge-text">{secondsText(Math.round(seconds * 10) / 10)}</span>
  );
}
