/** What can be done with runs. */

import { flatId } from "../graph/document";
import { locate } from "../graph/flat";
import { own } from "../graph/own";
import { specOf } from "../graph/specs";
import { goTo } from "../shell/going";
import { registerActions } from "../state/actions";
import { call } from "../state/call";
import { openDialog, say } from "../state/chrome";
import { refreshNodes } from "../state/live";
import { useLive } from "../state/liveStore";
import { useServer } from "../state/server";
import { activeTab, currentDocument } from "../state/tabs";
import { setCount, useRunChoices } from "./choices";
import { nodeWith } from "./nodes";
import { pinPeek, pinWhy, type Spot } from "./overlay";
import { cancelCurrent, cancelWaiting, pause, resume, runningRun, waitingRuns } from "./queue";
import { send } from "./send";
import { openLightbox } from "./shots";

/** The nodes that are chosen, by their flat ids. */
function chosen(): readonly string[] {
  const tab = activeTab();
  const instances = tab.entered.map((entered) => entered.instance);
  const document = tab.history.now.document;
  return [...tab.selection].map((id) => flatId(instances, id)).filter((flat) => locate(document, flat));
}

function middle(): Spot {
  return { x: window.innerWidth / 2 - 140, y: window.innerHeight / 3 };
}

// Below the node itself where it is drawn, else in the middle.
function besideNode(flat: string): Spot {
  const id = flat.split(":").at(-1) ?? "";
  const node = document.querySelector(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
  if (!node) return middle();
  const { right, top } = node.getBoundingClientRect();
  return { x: right + 8, y: top };
}

function outputOf(flat: string): string | undefined {
  const document = currentDocument();
  const node = nodeWith(document, flat);
  return node ? specOf(document, useServer.getState().specs, node.class_type)?.outputs[0]?.name : undefined;
}

function run(how: Parameters<typeof send>[0] = {}): void {
  if (Object.keys(currentDocument().nodes).length === 0) {
    say("There is nothing to run yet. Add a node, or open a template.");
    return;
  }
  void send({ count: useRunChoices.getState().count, ...how });
}

const isBusy = () => runningRun() !== undefined || useLive.getState().sending > 0;
const isPaused = () => useServer.getState().paused !== null;
const oneChosen = () => chosen().length === 1;

registerActions([
  {
    id: "run.run",
    title: "Run",
    section: "Run",
    keys: ["$mod+Enter"],
    aliases: ["queue", "generate", "execute"],
    inText: true,
    run: () => {
      run();
    },
  },
  {
    id: "run.front",
    title: "Run before all that wait",
    section: "Run",
    keys: ["$mod+Shift+Enter"],
    aliases: ["queue front"],
    inText: true,
    run: () => {
      run({ front: true });
    },
  },
  {
    id: "run.here",
    title: "Run as far as the chosen nodes",
    section: "Run",
    keys: ["Alt+Enter"],
    aliases: ["run to here", "partial"],
    inText: true,
    when: () => chosen().length > 0,
    run: () => {
      run({ targets: chosen(), count: 1 });
    },
  },
  {
    id: "run.cancel",
    title: "Cancel the run",
    section: "Run",
    keys: ["$mod+Alt+Enter"],
    aliases: ["interrupt", "stop"],
    inText: true,
    when: isBusy,
    run: cancelCurrent,
  },
  {
    id: "run.clear",
    title: "Cancel all that wait",
    section: "Run",
    aliases: ["clear queue"],
    when: () => waitingRuns(useServer.getState().runs).length > 0,
    run: cancelWaiting,
  },
  { id: "run.pause", title: "Pause the queue", section: "Run", when: () => !isPaused(), run: pause },
  { id: "run.resume", title: "Go on with the queue", section: "Run", when: isPaused, run: resume },
  {
    id: "run.onChange",
    title: "Run by itself on each change, or no more",
    section: "Run",
    aliases: ["auto", "live", "instant"],
    run: () => {
      const onChange = !useRunChoices.getState().onChange;
      useRunChoices.setState({ onChange });
      say(onChange ? "Each change is run from now on." : "Changes are not run by themselves any more.");
    },
  },
  {
    id: "run.more",
    title: "One run more at a time",
    section: "Run",
    aliases: ["batch count"],
    run: () => {
      setCount(useRunChoices.getState().count + 1);
    },
  },
  {
    id: "run.fewer",
    title: "One run fewer at a time",
    section: "Run",
    aliases: ["batch count"],
    run: () => {
      setCount(useRunChoices.getState().count - 1);
    },
  },
  {
    id: "run.sweep",
    title: "Sweep over values",
    section: "Run",
    aliases: ["grid", "xy plot", "batch"],
    run: () => {
      openDialog("sweep");
    },
  },
  {
    id: "run.refresh",
    title: "Look for nodes and files again",
    section: "Run",
    keys: ["r"],
    aliases: ["refresh", "reload"],
    run: async () => {
      if (await refreshNodes()) say("Nodes and files are as they are now.", "good");
      else say("The server does not answer.", "bad");
    },
  },
  {
    id: "run.forget",
    title: "Let go of models and kept results",
    section: "Run",
    aliases: ["free memory", "unload", "clear cache"],
    run: async () => {
      const answer = await call("POST", "free", { body: { unload_models: true, free_memory: true } });
      say(answer.ok ? "Memory is given back once no run goes on." : answer.refusal.message);
    },
  },
  {
    id: "run.failure",
    title: "Go to the node that failed",
    section: "Run",
    when: () => Boolean(useServer.getState().failure?.node),
    run: () => {
      const node = useServer.getState().failure?.node;
      if (node) goTo(node);
    },
  },
  {
    id: "node.why",
    title: "Why does it run?",
    section: "Node",
    keys: ["Alt+y"],
    when: oneChosen,
    run: () => {
      const [flat] = chosen();
      if (flat) pinWhy(flat, besideNode(flat));
    },
  },
  {
    id: "node.peek",
    title: "Look into what it gives",
    section: "Node",
    keys: ["Alt+p"],
    aliases: ["peek", "inspect value", "histogram"],
    when: oneChosen,
    run: () => {
      const [flat] = chosen();
      const output = flat && outputOf(flat);
      if (output) pinPeek(flat, output, besideNode(flat));
      else say("This node gives nothing on.");
    },
  },
  {
    id: "node.pictures",
    title: "Look at its pictures",
    section: "Node",
    keys: ["Alt+l"],
    aliases: ["lightbox", "zoom"],
    when: () => chosen().some((flat) => (own(useServer.getState().shown, flat)?.images.length ?? 0) > 0),
    run: () => {
      const { shown, shownRun } = useServer.getState();
      const files = chosen().flatMap((flat) => own(shown, flat)?.images ?? []);
      openLightbox(
        files.map((file) => ({ file, run: shownRun })),
        0,
      );
    },
  },
]);
