/** What the server answers: a value, or why there is none, as data. Nothing in this folder throws what a caller must catch. */

/** One thing wrong with a node, as `POST /prompt` tells it. */
export interface NodeError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: { readonly input_name?: string };
  /** Weft's own name for it, and its own words. */
  readonly problem?: string;
  readonly describe?: string;
  readonly hint?: string;
}

export type NodeErrors = Readonly<Record<string, { readonly errors: readonly NodeError[] }>>;

/** Why there is no value. `status` is 0 where the server did not answer at all. */
export interface Refusal {
  readonly status: number;
  /** For programs: the server's own, or "no_answer", "too_slow", "given_up", "unreadable". */
  readonly kind: string;
  readonly message: string;
  readonly hint: string;
  readonly nodeErrors: NodeErrors;
}

export type Answer<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

/** An answer that says no. */
export function refused(
  kind: string,
  message: string,
  hint: string,
  status = 0,
  nodeErrors: NodeErrors = {},
): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal: { status, kind, message, hint, nodeErrors } };
}

/** Whether it was only never heard: the same request may be sent again. */
export function isUnheard(refusal: Refusal): boolean {
  return refusal.kind === "no_answer" || refusal.kind === "too_slow";
}

/** A refusal in the server's words, from the text of its answer; in our own where that is none of its answers. */
export function refusalOf(status: number, text: string): { readonly ok: false; readonly refusal: Refusal } {
  const body = parsed(text);
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : null;
  if (!error) return refused("unreadable", `The server answered ${status}.`, "Try again.", status);
  const extra = isRecord(error["extra_info"]) ? error["extra_info"] : {};
  const hint = extra["hint"] ?? error["hint"] ?? error["details"];
  return refused(
    textOf(error["type"]) || "refused",
    textOf(error["message"]) || `The server answered ${status}.`,
    textOf(hint),
    status,
    isRecord(body) && isRecord(body["node_errors"]) ? (body["node_errors"] as NodeErrors) : {},
  );
}

/** The JSON in a text; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
