/** Asking the server: JSON there and back, with a limit to how long one waits. */

import { refusalOf, refused, type Answer } from "./answer";

export type Method = "GET" | "POST" | "PATCH" | "DELETE" | "PUT";

export interface Asked {
  readonly body?: unknown;
  /** The body as it is, instead of JSON: a file. */
  readonly raw?: BodyInit;
  readonly query?: Readonly<Record<string, string | number | null | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** How long to wait; the client's own limit unless said. */
  readonly seconds?: number;
  /** Sent again with the same key, a request that makes something makes it once. */
  readonly key?: string;
}

/** One request. The type of the answer is what the route is known to give. */
export type Call = <T>(method: Method, path: string, asked?: Asked) => Promise<Answer<T>>;

export interface Ways {
  /** Where the routes are, with a slash behind: "http://127.0.0.1:8188/api/". */
  readonly base: string | (() => string);
  readonly fetch: typeof globalThis.fetch;
  readonly seconds: number;
  /** Hears of every request that begins; what it gives is called when that is over. */
  readonly watch?: (method: Method, path: string) => () => void;
}

/** A way to ask a server. */
export function client(ways: Ways): Call {
  return async <T>(method: Method, path: string, asked: Asked = {}) => {
    const over = ways.watch?.(method, path);
    try {
      return (await answered(ways, method, path, asked)) as Answer<T>;
    } finally {
      over?.();
    }
  };
}

/** The address of a route below a base. What has no value is left out of the query. */
export function address(base: string, path: string, query: Asked["query"] = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const search = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  return base + path + (search ? `?${search}` : "");
}

async function answered(ways: Ways, method: Method, path: string, asked: Asked): Promise<Answer<unknown>> {
  const { signal, limit } = within(asked.seconds ?? ways.seconds, asked.signal);
  const base = typeof ways.base === "string" ? ways.base : ways.base();
  try {
    const response = await ways.fetch(address(base, path, asked.query), {
      method,
      headers: headersOf(asked),
      body: asked.raw ?? (asked.body === undefined ? null : JSON.stringify(asked.body)),
      signal,
    });
    const text = await response.text();
    if (!response.ok) return refusalOf(response.status, text);
    return { ok: true, value: text === "" ? null : (JSON.parse(text) as unknown) };
  } catch (error) {
    if (asked.signal?.aborted) return refused("given_up", "The request was given up.", "");
    if (limit.aborted) return refused("too_slow", "The server takes too long to answer.", "Try again.");
    if (error instanceof SyntaxError)
      return refused("unreadable", "The server's answer is no JSON.", "Is this address that of Weft?");
    return refused("no_answer", "The server does not answer.", "Is it running? Nothing is lost meanwhile.");
  }
}

function headersOf(asked: Asked): Record<string, string> {
  return {
    ...(asked.body === undefined ? {} : { "Content-Type": "application/json" }),
    ...(asked.key === undefined ? {} : { "Idempotency-Key": asked.key }),
  };
}

function within(
  seconds: number,
  given: AbortSignal | undefined,
): { signal: AbortSignal; limit: AbortSignal } {
  const limit = AbortSignal.timeout(seconds * 1000);
  return { limit, signal: given ? AbortSignal.any([given, limit]) : limit };
}
