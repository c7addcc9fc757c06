import "./gallery.css";

import { useEffect, useRef } from "react";

import { loadOlderRuns } from "../state/live";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { GalleryRun } from "./GalleryRun";

/** All that runs have made, the newest first. More is asked for as one scrolls. */
export function GalleryPanel() {
  const runs = useServer((server) => server.runs);
  const more = useLive((live) => live.nextPage !== null);
  const pictured = runs.filter((run) => run.picture !== null);
  return (
    <div className="gallery">
      {pictured.length === 0 && <p className="gallery-none">What your runs make is collected here.</p>}
      <ul className="gallery-grid">
        {pictured.map((run) => (
          <GalleryRun key={run.id} run={run} runs={pictured} />
        ))}
      </ul>
      {more && <Older key={runs.length} />}
    </div>
  );
}

// Where the list ends: when it comes into sight, older runs are asked for.
function Older() {
  const end = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!end.current) return;
    const watching = new IntersectionObserver(([seen]) => {
      if (seen?.isIntersecting) void loadOlderRuns();
    });
    watching.observe(end.current);
    return () => {
      watching.disconnect();
    };
  }, []);
  return (
    <button
      ref={end}
      type="button"
      className="gallery-more"
      onClick={() => {
        void loadOlderRuns();
      }}
    >
      Older pictures
    </button>
  );
}
