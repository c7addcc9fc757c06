/** Links without a mouse. */

import { connect } from "../../graph/connect";
import { isLink, type End, type Link } from "../../graph/document";
import { cut } from "../../graph/splice";
import type { Action } from "../../state/actions";
import { currentCamera, useCanvas, type LooseEnd } from "../../state/canvas";
import { say } from "../../state/chrome";
import { editSheet } from "../../state/tabs";
import { currentScene } from "../current";
import { fittingEnds } from "../ends";
import { endAt, socketOf } from "../gestures/wire";
import { endsOfWire, middleOf, wiresAt } from "../wires";
import { reroute } from "../gestures/clicks";
import { chosenNodes, counted, nodeChosen, onlyNode } from "./chosen";

// The socket that has the focus, else the first open end of the chosen node.
function endToLink(): LooseEnd | null {
  const focused = socketOf(document.activeElement);
  if (focused) return endAt(focused);
  const node = onlyNode();
  if (!node) return null;
  const open = node.inputs.find(
    ({ name, widget, required }) => required && !widget && !isLink(node.node.inputs[name]),
  );
  if (open) return { to: { node: node.id, input: open.name } };
  const [output] = node.outputs;
  return output ? { from: [node.id, output.name] } : null;
}

function startLink(): void {
  const end = endToLink();
  const camera = currentCamera();
  if (!end || !camera) return;
  const box = currentScene().boxes.get("from" in end ? end.from[0] : end.to.node);
  const page = box
    ? camera.toPage([box[0] + box[2] / 2, box[1] + 32])
    : camera.toPage(camera.pointAtCentre());
  useCanvas.setState({ linking: { end, page } });
}

// Each output of a chosen node goes to the first open input of another that fits, from left to right.
function linkChosen(): void {
  const scene = currentScene();
  const nodes = [...chosenNodes()].sort(
    (a, b) => (scene.boxes.get(a.id)?.[0] ?? 0) - (scene.boxes.get(b.id)?.[0] ?? 0),
  );
  const taken = new Set<string>();
  const made: { readonly from: Link; readonly to: End }[] = [];
  nodes.forEach((source, place) => {
    const after = new Set(nodes.slice(place + 1).map(({ id }) => id));
    for (const { name } of source.outputs) {
      const from: Link = [source.id, name];
      for (const { end, free, key } of fittingEnds(scene, { from })) {
        if (!free || taken.has(key) || !("to" in end) || !after.has(end.to.node)) continue;
        taken.add(key);
        made.push({ from, to: end.to });
        break;
      }
    }
  });
  if (made.length === 0) {
    say("Nothing of what is chosen fits together.");
    return;
  }
  editSheet(counted("Link", made.length, "sockets"), (sheet) =>
    made.reduce((changed, { from, to }) => connect(changed, from, to), sheet),
  );
}

function dropLinksOfChosen(): void {
  const scene = currentScene();
  const ends = chosenNodes().flatMap(({ id }) => wiresAt(scene, id));
  if (ends.length > 0) editSheet(counted("Drop link", ends.length, "links"), (sheet) => cut(sheet, ends));
}

function rerouteInputs(): void {
  const scene = currentScene();
  const wire = chosenNodes().flatMap(({ id }) => wiresAt(scene, id).filter(({ node }) => node === id))[0];
  const ends = wire && endsOfWire(wire, (id) => scene.items.get(id));
  if (ends) reroute(wire, middleOf(...ends));
}

export const LINKS: readonly Action[] = [
  {
    id: "link.start",
    title: "Link to…",
    section: "Link",
    keys: ["l"],
    aliases: ["connect", "wire"],
    when: () => nodeChosen() || socketOf(document.activeElement) !== null,
    run: startLink,
  },
  {
    id: "link.chosen",
    title: "Link what is chosen",
    section: "Link",
    keys: ["Shift+l"],
    aliases: ["connect selected", "make links"],
    when: () => chosenNodes().length > 1,
    run: linkChosen,
  },
  {
    id: "link.drop",
    title: "Drop all links of what is chosen",
    section: "Link",
    keys: ["Alt+x"],
    aliases: ["disconnect", "unwire", "cut links"],
    when: nodeChosen,
    run: dropLinksOfChosen,
  },
  {
    id: "link.reroute",
    title: "Add a reroute",
    section: "Link",
    keys: ["Alt+r"],
    aliases: ["dot", "connector"],
    when: nodeChosen,
    run: rerouteInputs,
  },
];
