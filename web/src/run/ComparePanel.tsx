import "./compare.css";

import { ArrowLeftRight } from "lucide-react";
import { useState } from "react";

import { useServer } from "../state/server";
import { Changes } from "./Changes";
import { Beside } from "./Beside";
import { pairOf, shotsOf, useComparing, type Shot } from "./shots";
import { Slot } from "./Slot";
import { useDocument } from "./useDocument";

type Way = "slider" | "flicker" | "difference";

const WAYS: readonly (readonly [Way, string])[] = [
  ["slider", "Slider"],
  ["flicker", "Flicker"],
  ["difference", "Difference"],
];

/** Two pictures beside each other: with a slider, by turns, or what differs; and the values that made them differ. */
export function ComparePanel() {
  const chosen = useComparing();
  const runs = useServer((server) => server.runs);
  // Without a choice, the last two pictures: what one mostly wants to see after a change.
  const { a, b } = pairOf(chosen, shotsOf(runs));
  const [way, setWay] = useState<Way>("slider");
  if (!a || !b) return <p className="compare-none">Two pictures can be compared here once there are two.</p>;
  return (
    <div className="compare">
      <div className="compare-ways" role="group" aria-label="How to compare">
        {WAYS.map(([name, title]) => (
          <button
            key={name}
            type="button"
            aria-pressed={way === name}
            onClick={() => {
              setWay(name);
            }}
          >
            {title}
          </button>
        ))}
        <button
          type="button"
          className="compare-swap"
          aria-label="Exchange A and B"
          title="Exchange A and B"
          onClick={() => {
            useComparing.setState({ a: b, b: a });
          }}
        >
          <ArrowLeftRight size={14} aria-hidden />
        </button>
      </div>
      <Beside a={a} b={b} way={way} />
      <div className="compare-slots">
        <Slot side="a" shot={a} />
        <Slot side="b" shot={b} />
      </div>
      <Values a={a} b={b} />
    </div>
  );
}

function Values({ a, b }: { readonly a: Shot; readonly b: Shot }) {
  const before = useDocument(a.run);
  const after = useDocument(b.run);
  return (
    <section aria-label="Values from A to B">
      <h3>From A to B</h3>
      {before && after ? (
        <Changes before={before} after={after} most={24} />
      ) : (
        (before === null || after === null) && (
          <p className="changes-none">The graphs of both runs are needed for this.</p>
        )
      )}
    </section>
  );
}
