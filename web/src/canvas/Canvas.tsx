import "./canvas.css";

import {
  Background,
  BackgroundVariant,
  ReactFlow,
  ReactFlowProvider,
  useStore,
  type NodeTypes,
} from "@xyflow/react";
import { useEffect, useMemo } from "react";

import type { Bounds } from "../graph/document";
import { useCanvas } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { BoundaryView } from "./BoundaryView";
import { useScene, shownItem } from "./current";
import { flowNodeOf } from "./flow";
import { GestureLayer } from "./GestureLayer";
import { GroupView } from "./GroupView";
import { within } from "./hash";
import { LinkLayer } from "./LinkLayer";
import { NodeView } from "./NodeView";
import { NoteView } from "./NoteView";
import { Overlays } from "./Overlays";
import { Overview } from "./Overview";
import { RerouteView } from "./RerouteView";
import type { Scene } from "./model";
import { hashOfItems } from "./scene";
import { detailFor, LEAST_ZOOM, MOST_ZOOM, region } from "./sight";
import { keepView, useCamera } from "./useCamera";

const NODE_TYPES: NodeTypes = {
  node: NodeView,
  reroute: RerouteView,
  group: GroupView,
  note: NoteView,
  inputs: BoundaryView,
  outputs: BoundaryView,
};
const NO_NODES: never[] = [];
const MIDDLE_BUTTON = [1];
const LEFT_AND_MIDDLE = [0, 1];

/** The sheet that is shown: nodes, links, groups and notes. */
export function Canvas() {
  return (
    <ReactFlowProvider>
      <Stage />
    </ReactFlowProvider>
  );
}

function Stage() {
  const scene = useScene();
  const area = useRegion();
  const detail = useDetail(scene);
  const nodes = useNodesInSight(scene, area);
  const { wheel, drag, grid } = useChrome((chrome) => chrome.choices);
  useCamera();
  const far = detail === "far";
  return (
    <GestureLayer>
      <ReactFlow
        nodes={far ? NO_NODES : nodes}
        nodeTypes={NODE_TYPES}
        minZoom={LEAST_ZOOM}
        maxZoom={MOST_ZOOM}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        edgesFocusable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnDoubleClick={false}
        zoomOnScroll={wheel === "zoom"}
        panOnScroll={wheel === "pan"}
        panOnDrag={drag === "pan" ? LEFT_AND_MIDDLE : MIDDLE_BUTTON}
        onMoveStart={beginMove}
        onMove={duringMove}
        onMoveEnd={(_, view) => {
          endMove();
          keepView(view);
        }}
        proOptions={ATTRIBUTION}
      >
        {!far && (
          <Background
            variant={BackgroundVariant.Dots}
            gap={detail === "full" ? grid : grid * FEWER_DOTS}
            size={detail === "full" ? 1.2 : 2.4}
          />
        )}
        {far ? <Overview scene={scene} /> : <LinkLayer scene={scene} region={area} />}
      </ReactFlow>
      <Overlays scene={scene} />
    </GestureLayer>
  );
}

// While the view is only shifted the page need not be painted anew; while it is zoomed it must, or texts would blur.
let zoomBefore: number | null = null;

function beginMove(_: unknown, { zoom }: { readonly zoom: number }): void {
  zoomBefore = zoom;
}

function duringMove(_: unknown, { zoom }: { readonly zoom: number }): void {
  document.documentElement.toggleAttribute("data-shifting", zoom === zoomBefore);
}

function endMove(): void {
  zoomBefore = null;
  document.documentElement.removeAttribute("data-shifting");
}

// Dots that lie closer than the eye can tell cost more than all the nodes.
const FEWER_DOTS = 4;

const ATTRIBUTION = { hideAttribution: true };

/** The part of the sheet that is kept ready; the same array for as long as it is the same part. */
function useRegion(): Bounds {
  const text = useStore(({ transform, width, height }) =>
    region({ x: transform[0], y: transform[1], zoom: transform[2], width, height }).join(" "),
  );
  return useMemo(() => text.split(" ").map(Number) as unknown as Bounds, [text]);
}

function useDetail(scene: Scene) {
  const detail = useCanvas((canvas) => canvas.detail);
  const due = useStore(({ transform, width, height }) =>
    detailFor(detail, scene, { x: transform[0], y: transform[1], zoom: transform[2], width, height }),
  );
  useEffect(() => {
    useCanvas.setState({ detail: due });
  }, [due]);
  return due;
}

// Beside what is in sight, what is dragged, wired or has the focus stays: else a gesture would lose what it holds.
function useNodesInSight(scene: Scene, area: Bounds) {
  const moving = useCanvas((canvas) => canvas.moving);
  const focused = useCanvas((canvas) => canvas.focused);
  const wired = useCanvas(({ wiring }) =>
    wiring ? ("from" in wiring.end ? wiring.end.from[0] : wiring.end.to.node) : null,
  );
  const ids = useMemo(() => {
    const found = within(hashOfItems(scene), area);
    if (focused !== null) found.add(focused);
    if (wired !== null) found.add(wired);
    return found;
  }, [scene, area, focused, wired]);
  const held = moving.size > 0 && moving.size < 200 ? [...moving.keys()].join("\n") : "";
  const order = useMemo(() => {
    const all = held ? new Set([...ids, ...held.split("\n")]) : ids;
    return inOrder(scene, all);
  }, [scene, ids, held]);
  return useMemo(
    () =>
      order.flatMap((id) => {
        const item = shownItem(scene, id, moving);
        return item ? [flowNodeOf(item)] : [];
      }),
    [order, scene, moving],
  );
}

// Always in the order of the sheet, which is the order of Tab.
function inOrder(scene: Scene, ids: ReadonlySet<string>): readonly string[] {
  const places = orderOf(scene);
  return [...ids].sort((one, other) => (places.get(one) ?? 0) - (places.get(other) ?? 0));
}

const ORDERS = new WeakMap<Scene["boxes"], ReadonlyMap<string, number>>();

function orderOf({ boxes, items }: Scene): ReadonlyMap<string, number> {
  let order = ORDERS.get(boxes);
  if (!order) {
    order = new Map([...items.keys()].map((id, place) => [id, place]));
    ORDERS.set(boxes, order);
  }
  return order;
}
