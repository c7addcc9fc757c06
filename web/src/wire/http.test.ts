import { afterEach, describe, expect, test } from "vitest";

import { smallServer, until, type Answering, type SmallServer } from "../../testing/server";
import { client, type Call } from "./http";

let server: SmallServer | undefined;
afterEach(() => server?.close());

async function asking(answer: Answering, seconds = 5): Promise<Call> {
  server = await smallServer(answer);
  return client({ base: server.base, fetch, seconds });
}

describe("a request", () => {
  test("gives what the server answers, and sends body, query and key", async () => {
    const call = await asking((_, response) => response.end('{"a": 1}'));
    const answer = await call("POST", "runs", { body: { b: 2 }, query: { most: 3, after: null }, key: "k" });
    expect(answer).toEqual({ ok: true, value: { a: 1 } });
    expect(server?.requests[0]).toMatchObject({ method: "POST", path: "/runs?most=3", body: '{"b":2}' });
    expect(server?.requests[0]?.headers["idempotency-key"]).toBe("k");
  });

  test("that is refused gives the server's words and the errors of nodes", async () => {
    const error = { type: "bad", message: "It is wrong.", details: "", extra_info: { hint: "Mend it." } };
    const nodes = { "1": { errors: [{ message: "m" }] } };
    const call = await asking((_, response) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ error, node_errors: nodes }));
    });
    expect(await call("POST", "prompt")).toEqual({
      ok: false,
      refusal: { status: 400, kind: "bad", message: "It is wrong.", hint: "Mend it.", nodeErrors: nodes },
    });
  });

  test("that is answered by something else than Weft says so", async () => {
    const call = await asking((_, response) => response.end("<html>"));
    expect(await call("GET", "x")).toMatchObject({ ok: false, refusal: { kind: "unreadable" } });
  });

  test("that takes too long ends by itself", async () => {
    const call = await asking(() => undefined, 0.05);
    expect(await call("GET", "x")).toMatchObject({ ok: false, refusal: { kind: "too_slow", status: 0 } });
  });

  test("can be given up", async () => {
    const call = await asking(() => undefined);
    const giving = new AbortController();
    const answer = call("GET", "x", { signal: giving.signal });
    await until(() => server?.requests.length === 1);
    giving.abort();
    expect(await answer).toMatchObject({ ok: false, refusal: { kind: "given_up" } });
  });

  test("to a server that is gone says so", async () => {
    const call = await asking((_, response) => response.end());
    await server?.close();
    expect(await call("GET", "x")).toMatchObject({ ok: false, refusal: { kind: "no_answer" } });
  });

  test("is watched from its beginning to its end", async () => {
    const seen: string[] = [];
    server = await smallServer((_, response) => response.end("null"));
    const call = client({
      base: server.base,
      fetch,
      seconds: 5,
      watch: (method, path) => {
        seen.push(`${method} ${path}`);
        return () => seen.push("over");
      },
    });
    const answer = call("GET", "nodes");
    expect(seen).toEqual(["GET nodes"]);
    await answer;
    expect(seen).toEqual(["GET nodes", "over"]);
  });
});
