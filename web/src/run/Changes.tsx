import "./changes.css";

import { ArrowRight } from "lucide-react";
import { useMemo } from "react";

import { diff } from "../graph/diff";
import type { Document } from "../graph/document";
import { useServer } from "../state/server";
import { linesOf } from "./changes";

interface ChangesProps {
  readonly before: Document;
  readonly after: Document;
  readonly most?: number;
}

/** Which values differ between two documents, old and new beside each other. */
export function Changes({ before, after, most = 12 }: ChangesProps) {
  const specs = useServer((server) => server.specs);
  const lines = useMemo(() => linesOf(diff(before, after), after, specs), [before, after, specs]);
  if (lines.length === 0) return <p className="changes-none">The same values.</p>;
  return (
    <dl className="changes">
      {lines.slice(0, most).map((line) => (
        <div key={line.key}>
          <dt>{line.what}</dt>
          <dd>
            {line.before !== null && <del>{line.before}</del>}
            {line.after !== null && (
              <span className="changes-to">
                {line.before !== null && <ArrowRight size={11} aria-label="becomes" />}
                <ins>{line.after}</ins>
              </span>
            )}
          </dd>
        </div>
      ))}
      {lines.length > most && <p className="changes-none">and {lines.length - most} more</p>}
    </dl>
  );
}
