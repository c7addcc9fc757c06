import "./badge.css";

import { Check } from "lucide-react";
import { memo, useMemo } from "react";

import { own } from "../graph/own";
import { useChrome } from "../state/chrome";
import { useServer } from "../state/server";
import { badgeOf } from "./badge";
import { below, hoverWhy, leaveOverlay, pinWhy } from "./overlay";
import { Elapsed } from "./Elapsed";

/** How a node does, and what would become of it in a run. Pointing at it tells why. */
export const NodeBadge = memo(function NodeBadge({ flat }: { readonly flat: string }) {
  const progress = useServer((server) => own(server.progress, flat));
  const forecast = useServer((server) => own(server.forecast, flat));
  const wanted = useChrome((chrome) => chrome.choices.badges);
  const badge = useMemo(() => badgeOf(progress, forecast), [progress, forecast]);
  if (!badge || !wanted) return null;
  const { kind, text, spoken, share } = badge;
  return (
    <button
      type="button"
      className="badge nodrag nopan"
      data-kind={kind}
      aria-label={`${spoken}. Why?`}
      onPointerEnter={(event) => {
        hoverWhy(flat, below(event.currentTarget));
      }}
      onPointerLeave={leaveOverlay}
      onFocus={(event) => {
        if (event.currentTarget.matches(":focus-visible")) hoverWhy(flat, below(event.currentTarget));
      }}
      onBlur={leaveOverlay}
      onClick={(event) => {
        pinWhy(flat, below(event.currentTarget));
      }}
    >
      {kind === "done" ? <Check size={11} aria-hidden /> : <span className="badge-mark" aria-hidden />}
      {text && <span className="badge-text">{text}</span>}
      {kind === "running" && <Elapsed />}
      {kind === "running" && (
        <span className="badge-bar" aria-hidden data-open={share === null || undefined}>
          <span style={{ transform: `scaleX(${share ?? 1})` }} />
        </span>
      )}
    </button>
  );
});
