import { expect, test } from "vitest";

import { unheard, type RunState } from "./liveRun";
import { runShownBy, showingOf } from "./liveShown";

const picture = (filename: string) => ({
  images: [{ filename, subfolder: "", type: "output" as const }],
  text: [],
});

function live(...runs: readonly RunState[]) {
  return {
    runs: Object.fromEntries(runs.map((run) => [run.id, run])),
    ofTab: { here: runs.filter((run) => run.id.startsWith("h")).map((run) => run.id), there: ["t1"] },
  };
}

const run = (id: string, status: RunState["status"], rest: Partial<RunState> = {}): RunState => ({
  ...unheard(id),
  status,
  ...rest,
});

test("the run that goes on is shown, however many wait behind it", () => {
  const runs = live(run("h1", "done"), run("h2", "running"), run("h3", "queued"));
  expect(runShownBy(runs, "here")?.id).toBe("h2");
});

test("when none goes on, the last one that is over is", () => {
  expect(runShownBy(live(run("h1", "done"), run("h2", "failed"), run("h3", "queued")), "here")?.id).toBe(
    "h2",
  );
});

test("a run that was cancelled while it waited is not", () => {
  const runs = live(run("h1", "done"), run("h2", "cancelled"));
  expect(runShownBy(runs, "here")?.id).toBe("h1");
});

test("a run of another tab is not shown here", () => {
  const runs = live(run("t1", "running", { shown: { "1": picture("other") } }));
  expect(showingOf(runs, "here")).toMatchObject({ shownRun: null, shown: {} });
  expect(showingOf(runs, "there").shown["1"]).toBeDefined();
});

test("pictures of the run before stay until there are others", () => {
  const runs = live(
    run("h1", "done", { shown: { "1": picture("old"), "2": picture("kept") } }),
    run("h2", "running", { shown: { "1": picture("new") } }),
  );
  const { shown } = showingOf(runs, "here");
  expect(shown["1"]?.images[0]?.filename).toBe("new");
  expect(shown["2"]?.images[0]?.filename).toBe("kept");
});
