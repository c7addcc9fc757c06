import "./peek.css";

import { useServer } from "../state/server";
import type { PeekShape } from "../wire/shapes";
import { bytesText, factText, numberText, shapeText } from "./format";
import { Histogram } from "./Histogram";
import { useTitle } from "./nodes";
import { usePeek } from "./peeking";
import { factOf } from "./facts";

/** What flows through a link: what is known of it before a run, and what is in it once its node has run. */
export function LinkPeek({ flat, output }: { readonly flat: string; readonly output: string }) {
  const fact = useServer((server) => factOf(server.forecast, flat, output));
  const title = useTitle(flat);
  const found = usePeek(flat, output);
  return (
    <section className="peek">
      <h3>
        {output} <small>of {title}</small>
      </h3>
      {typeof found === "object" ? (
        <Inside peek={found} />
      ) : (
        <>
          {fact && <p className="peek-fact">{factText(fact)}</p>}
          <p className="peek-none">
            {found === "looking" ? "Looking" : "Not computed yet. Run it to look inside."}
          </p>
        </>
      )}
    </section>
  );
}

function Inside({ peek }: { readonly peek: PeekShape }) {
  const range = peek.minimum !== null && peek.maximum !== null;
  return (
    <>
      {peek.picture && (
        <img className="peek-picture" src={peek.picture} alt={`What is in this ${peek.kind}`} />
      )}
      {peek.text !== null && <pre className="peek-text">{peek.text}</pre>}
      {peek.histogram && range && (
        <Histogram counts={peek.histogram} from={peek.minimum} to={peek.maximum} mean={peek.mean} />
      )}
      <dl className="peek-facts">
        <Fact name="Type" value={peek.type || peek.kind} />
        {peek.shape && <Fact name="Shape" value={shapeText(peek.shape)} />}
        {peek.shape === null && typeof peek.length === "number" && (
          <Fact name="Length" value={String(peek.length)} />
        )}
        {range && <Fact name="Range" value={`${numberText(peek.minimum)} to ${numberText(peek.maximum)}`} />}
        {peek.mean !== null && <Fact name="Mean" value={numberText(peek.mean)} />}
        {peek.dtype && <Fact name="Numbers" value={peek.dtype} />}
        {peek.bytes !== null && <Fact name="Memory" value={bytesText(peek.bytes)} />}
      </dl>
    </>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
