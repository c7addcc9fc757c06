import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { openSocket, smallServer, until, type SmallServer } from "../../testing/server";
import { loadOlderRuns, startLive } from "./live";
import { noteSent, useLive } from "./liveStore";
import { useServer } from "./server";
import { activeTab, newTab, useTabs } from "./tabs";

const RUN = { number: 0, priority: 0, started: 1, batch: "", reason: "", parent: null, picture: null };
const SPEC = { id: "S", title: "Sample", category: "", help: "", inputs: [], outputs: [] };
const picture = { filename: "a.png", subfolder: "", type: "output" };

let server: SmallServer;
let leave: (() => void) | undefined;
let answers: Record<string, unknown>;

beforeEach(async () => {
  answers = {
    "/api/nodes": { nodes: [SPEC], files: { input: ["cat.png"] } },
    "/api/runs?most=60": { runs: [], next: null },
  };
  server = await smallServer(({ path }, response) => {
    response.statusCode = path in answers ? 200 : 404;
    response.end(JSON.stringify(answers[path] ?? {}));
  });
  vi.stubGlobal("document", { baseURI: server.base });
  vi.stubGlobal("window", { addEventListener: () => undefined, removeEventListener: () => undefined });
  vi.stubGlobal("WebSocket", function (address: string) {
    return openSocket(address);
  });
  const tab = newTab();
  useTabs.setState({ tabs: [tab], active: tab.id });
  useServer.setState(useServer.getInitialState());
  useLive.setState(useLive.getInitialState());
});

afterEach(async () => {
  leave?.();
  await server.close();
  vi.unstubAllGlobals();
});

async function connect(): Promise<void> {
  leave = startLive();
  await until(() => useServer.getState().connection === "open" && server.sockets.size === 1);
}

function say(type: string, data: object): void {
  for (const socket of server.sockets) socket.send(JSON.stringify({ type, data }));
}

const start = (id: string, at = "1.0") => {
  say("execution_start", { prompt_id: id, at, timestamp: 0 });
};

test("what the server has is known once there is a connection", async () => {
  await connect();
  await until(() => useServer.getState().specsKnown);
  expect([...useServer.getState().specs.keys()]).toEqual(["S"]);
  expect(useServer.getState().files).toEqual({ input: ["cat.png"] });
});

test("a run of this tab is shown, from its first step to its picture", async () => {
  await connect();
  noteSent(activeTab().id, ["r"], { "1": 1 });
  start("r");
  await until(() => useServer.getState().progress["1"]?.state === "waiting");
  say("executed", { prompt_id: "r", at: "1.2", node: "1", display_node: "1", output: { images: [picture] } });
  await until(() => useServer.getState().shown["1"] !== undefined);
  expect(useServer.getState()).toMatchObject({ shownRun: "r", shown: { "1": { images: [picture] } } });
});

test("a run of somebody else changes nothing of what is shown", async () => {
  await connect();
  noteSent(activeTab().id, ["mine"], {});
  start("other");
  start("mine");
  await until(() => useServer.getState().shownRun === "mine");
  say("executed", {
    prompt_id: "other",
    at: "1.1",
    node: "1",
    display_node: "1",
    output: { images: [picture] },
  });
  await until(() => useLive.getState().runs["other"]?.at === "1.1");
  expect(useServer.getState().shown).toEqual({});
});

test("after a loss it goes on where it was, and what ended meanwhile is fetched", async () => {
  await connect();
  noteSent(activeTab().id, ["r"], {});
  start("r", "1.3");
  await until(() => useServer.getState().shownRun === "r");
  const nodes = { "1": { seconds: 2 } };
  const result = {
    outputs: { "1": { images: [picture] } },
    status: { messages: [] },
    weft: { seconds: 2, nodes },
  };
  const run = { ...RUN, id: "r", status: "done", created: 1, ended: 3 };
  answers["/api/runs/r"] = { run, artifacts: [], result };
  for (const socket of server.sockets) socket.terminate();
  await until(() => useServer.getState().progress["1"]?.state === "finished");
  expect(server.came[1]).toContain("after=r%3A1.3");
  expect(useServer.getState()).toMatchObject({ connection: "open", shown: { "1": { images: [picture] } } });
});

test("a document that was opened shows what its run had shown", async () => {
  const result = {
    outputs: { "1": { text: ["seven"] } },
    status: { messages: [] },
    weft: { seconds: 1, nodes: {} },
  };
  const run = { ...RUN, id: "old", status: "done", created: 1, ended: 2 };
  answers["/api/runs/old"] = { run, artifacts: [], result };
  const tab = newTab(undefined, "opened", { parent: "old" });
  useTabs.setState({ tabs: [tab], active: tab.id });
  await connect();
  await until(() => useServer.getState().shown["1"] !== undefined);
  expect(useServer.getState().shown["1"]?.text).toEqual(["seven"]);
});

test("a queue that rests says why, and how many wait", async () => {
  await connect();
  say("status", {
    status: { exec_info: { queue_remaining: 3 } },
    queue: "disk full",
    reason: "The disk is full.",
  });
  await until(() => useServer.getState().remaining === 3);
  expect(useServer.getState().paused).toBe("The disk is full.");
});

test("runs come by pages, and older ones stay when the newest page is asked for again", async () => {
  const run = (id: string, created: number) => ({ ...RUN, id, status: "done", created, ended: created });
  answers["/api/runs?most=60"] = { runs: [run("c", 3), run("b", 2)], next: 7 };
  answers["/api/runs?after=7&most=60"] = { runs: [run("a", 1)], next: null };
  await connect();
  await until(() => useServer.getState().runs.length === 2);
  await loadOlderRuns();
  expect(useServer.getState().runs.map(({ id }) => id)).toEqual(["c", "b", "a"]);
  answers["/api/runs?most=60"] = { runs: [run("d", 4), run("c", 3)], next: 9 };
  say("status", { status: { exec_info: { queue_remaining: 0 } } });
  await until(() => useServer.getState().runs.length === 4);
  expect(useServer.getState().runs.map(({ id }) => id)).toEqual(["d", "c", "b", "a"]);
  expect(useLive.getState().nextPage).toBeNull();
});
