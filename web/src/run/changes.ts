/** What differs between two documents, as short lines for a small place. The panel of differences has all of it. */

import type { Diff } from "../graph/diff";
import { describe, titleOf } from "../graph/titles";
import type { Document, GraphNode, SheetId } from "../graph/document";
import type { Specs } from "../graph/specs";

export interface Line {
  readonly key: string;
  /** The node, and the input where it is one. */
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** A line for each value, node and mode that differs. */
export function linesOf(diff: Diff, document: Document, specs: Specs): readonly Line[] {
  const name = (node: GraphNode) => titleOf(document, specs, node);
  const key = (sheet: SheetId, id: string, rest = "") => `${sheet ?? ""}/${id}/${rest}`;
  return [
    ...diff.changed.flatMap(({ sheet, id, after, values, mode }) => [
      ...values.map((value) => ({
        key: key(sheet, id, value.input),
        what: `${name(after)}, ${value.input}`,
        before: describe(value.before, 80),
        after: describe(value.after, 80),
      })),
      ...(mode
        ? [
            {
              key: key(sheet, id, "@mode"),
              what: name(after),
              before: mode[0] ?? "on",
              after: mode[1] ?? "on",
            },
          ]
        : []),
    ]),
    ...diff.added.map(({ sheet, id, node }) => ({
      key: key(sheet, id),
      what: name(node),
      before: null,
      after: "added",
    })),
    ...diff.removed.map(({ sheet, id, node }) => ({
      key: key(sheet, id),
      what: name(node),
      before: "removed",
      after: null,
    })),
  ];
}
