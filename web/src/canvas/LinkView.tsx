import { memo, useState } from "react";

import { flatId, type Point } from "../graph/document";
import { own } from "../graph/own";
import { portText } from "../graph/ports";
import { leaveOverlay } from "../run/overlay";
import { useServer } from "../state/server";
import { currentScene } from "./current";
import { typeStyle } from "./colors";
import { within } from "./hash";
import { LinkLabel } from "./LinkLabel";
import { lookInto } from "./look";
import type { Wire } from "./model";
import { problemsOf } from "./problems";
import { hashOfItems } from "./scene";
import { middleOf, pathOf, type LinkStyle } from "./wires";

/** How far apart its ends are, at least, for a label that stands between the nodes. */
const ROOM = 220;
/** About what a label takes, above the middle of its link. */
const LABEL = { width: 150, height: 32 };

export interface LinkViewProps {
  readonly wire: Wire;
  readonly instances: readonly string[];
  readonly a: Point;
  readonly b: Point;
  readonly look: LinkStyle;
  /** Whether one of its nodes is muted, so that nothing flows. */
  readonly off: boolean;
  /** Whether a node that is dragged would go in here. */
  readonly lit: boolean;
  readonly chosen: boolean;
}

/** A link. It flows while the node that it leads to runs. */
export const LinkView = memo(
  function LinkView({ wire, instances, a, b, look, off, lit, chosen }: LinkViewProps) {
    const [over, setOver] = useState(false);
    const flows = useServer(
      (server) => own(server.progress, flatId(instances, wire.node))?.state === "running",
    );
    const clash = useServer(
      (server) =>
        problemsOf(server.problems, flatId(instances, wire.node)).find(({ input }) => input === wire.input)
          ?.message ?? null,
    );
    const asked = over || clash !== null;
    const path = pathOf(a, b, look);
    const middle = asked || lit || chosen ? middleOf(a, b) : null;
    const told = asked || (middle !== null && chosen && b[0] - a[0] > ROOM && isFree(middle));
    return (
      <g
        className="link"
        style={typeStyle(wire.port)}
        data-link={wire.key}
        data-flows={flows || undefined}
        data-off={off || undefined}
        data-lit={lit || undefined}
        data-chosen={chosen || undefined}
        data-hidden={look === "hidden" || undefined}
        data-list={wire.port.kind === "list of" || undefined}
        onPointerEnter={(event) => {
          setOver(true);
          if (event.buttons === 0) lookInto(wire.from, { x: event.clientX + 12, y: event.clientY + 12 });
        }}
        onPointerLeave={() => {
          setOver(false);
          leaveOverlay();
        }}
      >
        <path className="link-hit" d={path} />
        <path className="link-line" d={path} />
        {middle && told && <LinkLabel wire={wire} instances={instances} at={middle} clash={clash} />}
        {middle && (over || lit) && (
          <circle className="link-middle" cx={middle[0]} cy={middle[1]} r={5}>
            <title>{portText(wire.port)}</title>
          </circle>
        )}
      </g>
    );
  },
  (before, after) =>
    before.wire === after.wire &&
    before.a[0] === after.a[0] &&
    before.a[1] === after.a[1] &&
    before.b[0] === after.b[0] &&
    before.b[1] === after.b[1] &&
    before.look === after.look &&
    before.off === after.off &&
    before.lit === after.lit &&
    before.chosen === after.chosen,
);

// A label that nobody asked for covers no node.
function isFree([x, y]: Point): boolean {
  const scene = currentScene();
  const { width, height } = LABEL;
  const found = within(hashOfItems(scene), [x - width / 2, y - height, width, height]);
  return [...found].every((id) => scene.items.get(id)?.content.kind === "group");
}
