/** What was wrong with a graph that the server refused, as problems on nodes and inputs. */

import type { Problem } from "../state/server";
import type { Refusal } from "../wire/answer";

/** The problems in a refusal, each on its node and its input. */
export function problemsIn(refusal: Refusal): readonly Problem[] {
  return Object.entries(refusal.nodeErrors).flatMap(([node, { errors }]) =>
    errors.map((error) => ({
      node,
      input: error.extra_info.input_name ?? null,
      message: error.describe ?? [error.message, error.details].filter(Boolean).join(": "),
      hint: error.hint ?? "",
      kind: error.problem ?? error.type,
    })),
  );
}

/** What to tell the user at once. */
export function refusalText(refusal: Refusal): string {
  const problems = problemsIn(refusal);
  const [first] = problems;
  if (!first) return `Not run: ${[refusal.message, refusal.hint].filter(Boolean).join(" ")}`;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return `Not run: ${first.message}${more}`;
}
