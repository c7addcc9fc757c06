/** What a node's badge says: of the run that goes on, else of the next one, else of the last one. */

import type { Forecast, NodeProgress } from "../state/server";
import { bytesText, secondsText } from "./format";

export type BadgeKind = "waiting" | "running" | "failed" | "blocked" | "will" | "done" | "cached" | "idle";

export interface Badge {
  readonly kind: BadgeKind;
  /** A word or two, or nothing where the mark says it all. */
  readonly text: string;
  /** All of it, for a screen reader. */
  readonly spoken: string;
  /** How far it is, 0 to 1; null where nobody knows. */
  readonly share: number | null;
}

/** The badge of a node; null while nothing is known of it. */
export function badgeOf(progress: NodeProgress | undefined, forecast: Forecast | undefined): Badge | null {
  switch (progress?.state) {
    case "running": {
      const share = progress.max > 1 ? progress.value / progress.max : null;
      const steps = progress.max > 1 ? `${progress.value} of ${progress.max}` : "";
      return {
        kind: "running",
        text: steps && `${progress.value}/${progress.max}`,
        spoken: `Running ${steps}`,
        share,
      };
    }
    case "waiting":
      return plain("waiting", "", "Waits for its turn");
    case "failed":
      return plain("failed", "failed", "Failed");
    case "blocked":
      return plain("blocked", "blocked", "Blocked: something that it needs did not come");
    case "finished":
    case "cached":
    case undefined:
  }
  if (forecast?.state === "runs") {
    const time = forecast.seconds === null ? "" : secondsText(forecast.seconds);
    const spoken = [`Will run: ${forecast.why}`, time && `took ${time} last time`];
    return plain(
      "will",
      time && (time.startsWith("<") ? time : `~${time}`),
      spoken.filter(Boolean).join("; "),
    );
  }
  if (progress?.state === "finished") {
    const time = progress.seconds === null ? "" : secondsText(progress.seconds);
    const size = progress.size ? `, keeps ${bytesText(progress.size)}` : "";
    return plain("done", time, `Ran${time && ` in ${time}`}${size}`);
  }
  if (progress?.state === "cached" || forecast?.state === "cached") {
    const size = forecast?.size ?? progress?.size;
    return plain("cached", "", `Cached: its result is there${size ? `, ${bytesText(size)}` : ""}`);
  }
  return forecast
    ? plain("idle", "", `Will not run: ${forecast.why || "nothing that is wanted needs it"}`)
    : null;
}

function plain(kind: BadgeKind, text: string, spoken: string): Badge {
  return { kind, text, spoken, share: null };
}
