import "./link.css";

import { ViewportPortal } from "@xyflow/react";

import type { Bounds } from "../graph/document";
import { useCanvas } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { activeTab, useTabs } from "../state/tabs";
import { shownItem } from "./current";
import { within } from "./hash";
import { LinkView } from "./LinkView";
import { isPaintedApart } from "./moving";
import type { Item, Scene, Wire } from "./model";
import { usePaper } from "./usePaper";
import { comesInto, endsOfWire, hashOfWires, wiresAt, wiresByKey } from "./wires";

export interface LinkLayerProps {
  readonly scene: Scene;
  readonly region: Bounds;
}

/** The links that are in sight, below the nodes. */
export function LinkLayer({ scene, region }: LinkLayerProps) {
  const moving = useCanvas((canvas) => canvas.moving);
  const splice = useCanvas((canvas) => canvas.splice);
  const look = useChrome((chrome) => chrome.choices.linkStyle);
  const selection = useTabs((tabs) => activeTab(tabs).selection);
  const [left, top, width, height] = usePaper();
  const itemOf = (id: string) => shownItem(scene, id, moving);
  const draw = (wires: readonly Wire[], kind: string) => (
    <svg
      className={kind}
      style={{ left, top, width, height }}
      viewBox={`${left} ${top} ${width} ${height}`}
      aria-hidden
    >
      {wires.map((wire) => {
        const ends = endsOfWire(wire, itemOf);
        return (
          ends &&
          comesInto(...ends, region) && (
            <LinkView
              key={wire.key}
              wire={wire}
              instances={scene.source.instances}
              a={ends[0]}
              b={ends[1]}
              look={look}
              off={isOff(itemOf(wire.from[0])) || isOff(itemOf(wire.node))}
              lit={splice === wire.key}
              chosen={selection.has(wire.from[0]) || selection.has(wire.node)}
            />
          )
        );
      })}
    </svg>
  );
  const wires = wiresInSight(scene, region, moving);
  const apart = isPaintedApart(moving);
  const isMoved = (wire: Wire) => apart && (moving.has(wire.from[0]) || moving.has(wire.node));
  return (
    <ViewportPortal>
      {draw(apart ? wires.filter((wire) => !isMoved(wire)) : wires, "links links-paper")}
      {apart && draw(wires.filter(isMoved), "links links-paper moved")}
    </ViewportPortal>
  );
}

function wiresInSight(scene: Scene, region: Bounds, moving: ReadonlyMap<string, Bounds>): readonly Wire[] {
  const byKey = wiresByKey(scene);
  const found = within(hashOfWires(scene), region);
  if (moving.size < 200)
    for (const id of moving.keys()) for (const wire of wiresAt(scene, id)) found.add(wire.key);
  return [...found].flatMap((key) => byKey.get(key) ?? []);
}

function isOff(item: Item | undefined): boolean {
  return (
    (item?.content.kind === "node" || item?.content.kind === "reroute") &&
    item.content.node._meta?.mode === "mute"
  );
}
