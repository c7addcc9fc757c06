import "./why.css";

import { ArrowRight, ChevronRight } from "lucide-react";

import { own } from "../graph/own";
import { goTo } from "../shell/going";
import { useLive } from "../state/liveStore";
import { useServer, type Forecast, type NodeProgress, type Reason } from "../state/server";
import { bytesText, secondsText } from "./format";
import { useTitle } from "./nodes";

/** Why a node will run, or ran: the first thing that differs, and the way it comes from. */
export function WhyPanel({ flat }: { readonly flat: string }) {
  const forecast = useServer((server) => own(server.forecast, flat));
  const progress = useServer((server) => own(server.progress, flat));
  const shownRun = useServer((server) => server.shownRun);
  const ran = useLive((live) => (shownRun === null ? undefined : own(live.runs[shownRun]?.why ?? {}, flat)));
  const root = useServer((server) => own(server.forecast, forecast?.reason?.way?.at(-1) ?? "")?.reason);
  if (!forecast && !progress) return null;
  return (
    <section className="why" aria-label="Why it runs">
      {forecast && <Headline forecast={forecast} />}
      {forecast?.reason && <Difference reason={forecast.reason} />}
      {forecast?.reason?.way && forecast.reason.way.length > 0 && <Way way={forecast.reason.way} />}
      {root && root !== forecast?.reason && <Difference reason={root} />}
      {progress && <LastRun progress={progress} why={ran} />}
      <Facts forecast={forecast} progress={progress} />
    </section>
  );
}

const HEADS: Record<Forecast["state"], string> = {
  cached: "Cached",
  runs: "Will run",
  idle: "Will not run",
};

function Headline({ forecast }: { readonly forecast: Forecast }) {
  return (
    <p className="why-head" data-state={forecast.state}>
      <span className="why-mark" aria-hidden />
      <strong>{HEADS[forecast.state]}</strong> <span>{forecast.why}</span>
    </p>
  );
}

function Difference({ reason }: { readonly reason: Reason }) {
  if (!reason.input) return null;
  return (
    <dl className="why-difference">
      <dt>{reason.input}</dt>
      <dd>
        <del>{reason.old ?? "nothing"}</del>
        <ArrowRight size={12} aria-label="became" />
        <ins>{reason.new ?? "nothing"}</ins>
      </dd>
    </dl>
  );
}

/** The nodes between this one and what differs; each can be gone to. */
function Way({ way }: { readonly way: readonly string[] }) {
  return (
    <nav className="why-way" aria-label="Where it comes from">
      {way.map((flat, index) => (
        <span key={flat}>
          {index > 0 && <ChevronRight size={11} aria-hidden />}
          <Jump flat={flat} />
        </span>
      ))}
    </nav>
  );
}

function Jump({ flat }: { readonly flat: string }) {
  const title = useTitle(flat);
  return (
    <button
      type="button"
      className="why-jump"
      onClick={() => {
        goTo(flat);
      }}
    >
      {title}
    </button>
  );
}

function LastRun({ progress, why }: { readonly progress: NodeProgress; readonly why: string | undefined }) {
  if (progress.state === "running" || progress.state === "waiting") return null;
  const what = { finished: "ran", cached: "came from the cache", failed: "failed", blocked: "was blocked" };
  return (
    <p className="why-last">
      Last time it {what[progress.state]}
      {progress.state === "finished" && progress.seconds !== null && ` in ${secondsText(progress.seconds)}`}
      {why && progress.state === "finished" && <span> ({why})</span>}
    </p>
  );
}

interface FactsProps {
  readonly forecast: Forecast | undefined;
  readonly progress: NodeProgress | undefined;
}

function Facts({ forecast, progress }: FactsProps) {
  const size = forecast?.size ?? progress?.size ?? null;
  const facts = [
    ["Time", forecast?.seconds ?? null, secondsText],
    ["Peak memory", forecast?.peak ?? null, bytesText],
    ["Kept", size === 0 ? null : size, bytesText],
  ] as const;
  if (facts.every(([, value]) => value === null)) return null;
  return (
    <dl className="why-facts">
      {facts.map(
        ([name, value, text]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text(value)}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
