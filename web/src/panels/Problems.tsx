import "./panels.css";

import { CircleCheck, CircleX } from "lucide-react";

import { locate } from "../graph/flat";
import { titleOf } from "../graph/titles";
import { useServer, type Failure, type Problem } from "../state/server";
import { currentDocument, useTabs } from "../state/tabs";
import { goTo } from "../shell/going";

/** Everything that is wrong, before and after running; each entry leads to its node. */
export function Problems() {
  const problems = useServer((server) => server.problems);
  const failure = useServer((server) => server.failure);
  return (
    <>
      {problems.length === 0 && !failure && (
        <p className="panel-empty">
          <CircleCheck size={20} aria-hidden />
          Nothing is wrong.
        </p>
      )}
      {failure && <Failed failure={failure} />}
      <ul className="rows">
        {problems.map((problem, at) => (
          <Row key={`${problem.node ?? ""}.${problem.input ?? ""}.${String(at)}`} problem={problem} />
        ))}
      </ul>
    </>
  );
}

function Row({ problem }: { readonly problem: Problem }) {
  const name = useNodeName(problem.node);
  return (
    <li className="problem">
      <button
        type="button"
        className="problem-main"
        disabled={problem.node === null}
        onClick={() => {
          if (problem.node !== null) goTo(problem.node);
        }}
      >
        <span className="problem-where">
          {name}
          {problem.input && ` · ${problem.input}`}
        </span>
        <span>{problem.message}</span>
        {problem.hint && <small>{problem.hint}</small>}
      </button>
    </li>
  );
}

function Failed({ failure }: { readonly failure: Failure }) {
  const name = useNodeName(failure.node);
  return (
    <section className="failure" aria-label="The run failed">
      <h3>
        <CircleX size={14} aria-hidden /> {name || "The run"} failed
      </h3>
      <p>{failure.message}</p>
      {failure.hint && <p className="panel-hint">{failure.hint}</p>}
      {failure.node !== null && (
        <button
          type="button"
          className="button"
          onClick={() => {
            if (failure.node !== null) goTo(failure.node);
          }}
        >
          Go to the node
        </button>
      )}
      {failure.traceback.length > 0 && (
        <details>
          <summary>Where in the code</summary>
          <pre>{failure.traceback.join("")}</pre>
        </details>
      )}
    </section>
  );
}

function useNodeName(flat: string | null): string {
  const document = useTabs(currentDocument);
  const specs = useServer((server) => server.specs);
  if (flat === null) return "";
  const found = locate(document, flat);
  const sheet = found && (found.sheet === null ? document : document.subgraphs?.[found.sheet]);
  const node = found && sheet?.nodes[found.id];
  return node ? titleOf(document, specs, node) : flat;
}
