import { afterEach, describe, expect, test } from "vitest";

import { openSocket, smallServer, until, type SmallServer } from "../../testing/server";
import type { Message } from "./messages";
import { listen, pauseBefore, type Listening } from "./socket";

let server: SmallServer | undefined;
let listening: Listening | undefined;
afterEach(async () => {
  listening?.close();
  await server?.close();
});

function hearing(heardLast: () => string | null = () => null) {
  const heard: Message[] = [];
  const states: string[] = [];
  const ear = {
    onMessage: (message: Message) => heard.push(message),
    onFrame: () => undefined,
    onConnection: (state: string) => states.push(state),
    heardLast,
  };
  const address = `ws://127.0.0.1:${server?.port ?? 0}/ws?clientId=me`;
  listening = listen(address, ear, { open: openSocket, random: () => 0 });
  return { heard, states };
}

const say = (data: object) => {
  for (const socket of server?.sockets ?? []) socket.send(JSON.stringify(data));
};

describe("the socket", () => {
  test("hears messages, says first what it knows, and passes over what it does not know", async () => {
    server = await smallServer(() => undefined);
    const { heard } = hearing();
    await until(() => server?.sockets.size === 1);
    say({ type: "pack.says", data: {} });
    say({ type: "execution_start", data: { prompt_id: "r", timestamp: 1, at: "1.0" } });
    await until(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ type: "execution_start", data: { prompt_id: "r" } });
    expect(server.came).toEqual(["/ws?clientId=me"]);
  });

  test("comes back after it was lost, and asks for what it missed", async () => {
    server = await smallServer(() => undefined);
    let last: string | null = null;
    const { states } = hearing(() => last);
    await until(() => states.at(-1) === "open");
    last = "r:1.4";
    for (const socket of server.sockets) socket.terminate();
    await until(() => states.length === 3);
    expect(states).toEqual(["open", "lost", "open"]);
    expect(server.came).toEqual(["/ws?clientId=me", "/ws?clientId=me&after=r%3A1.4"]);
  });

  test("waits for a server that starts again", async () => {
    server = await smallServer(() => undefined);
    const { states } = hearing();
    await until(() => states.at(-1) === "open");
    await server.close();
    await until(() => states.at(-1) === "lost");
    server = await smallServer(() => undefined, server.port);
    await until(() => states.at(-1) === "open");
    expect(server.came).toHaveLength(1);
  });

  test("connects anew from another place when it is asked to", async () => {
    server = await smallServer(() => undefined);
    const { states } = hearing();
    await until(() => states.length === 1);
    listening?.again("old:0.0");
    await until(() => server?.came.length === 2);
    expect(server.came[1]).toBe("/ws?clientId=me&after=old%3A0.0");
    expect(states).not.toContain("lost");
  });

  test("stays away once it is closed", async () => {
    server = await smallServer(() => undefined);
    const { states } = hearing();
    await until(() => states.length === 1);
    listening?.close();
    await until(() => server?.sockets.size === 0);
    await new Promise((done) => setTimeout(done, 400));
    expect(server.came).toHaveLength(1);
  });
});

test("pauses grow to eight seconds and are never the same for all", () => {
  expect([0, 1, 2, 9].map((attempt) => pauseBefore(attempt, 0.5))).toEqual([250, 500, 1000, 8000]);
  expect(pauseBefore(9, 0)).toBe(6000);
  expect(pauseBefore(9, 1)).toBe(10000);
});
