import "./canvas.css";

import { ReactFlow, ReactFlowProvider, useStore, type NodeTypes } from "@xyflow/react";
import { useEffect, useMemo } from "react";

import type { Bounds } from "../graph/document";
import { useCanvas } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { BoundaryView } from "./BoundaryView";
import { useScene, shownItem } from "./current";
import { Dots } from "./Dots";
import { flowNodeOf } from "./flow";
import { GestureLayer } from "./GestureLayer";
import { GroupView } from "./GroupView";
import { within } from "./hash";
import { LinkLayer } from "./LinkLayer";
import { isPaintedApart } from "./moving";
import { NodeView } from "./NodeView";
import { NoteView } from "./NoteView";
import { Overlays } from "./Overlays";
import { Overview } from "./Overview";
import { RerouteView } from "./RerouteView";
import type { Scene } from "./model";
import { hashOfItems } from "./scene";
import { detailFor, LEAST_ZOOM, MOST_ZOOM, region } from "./sight";
import { WiringLine } from "./WiringLine";
import { keepView, useCamera } from "./useCamera";
import { useMounted } from "./useMounted";

const NODE_TYPES: NodeTypes = {
  node: NodeView,
  reroute: RerouteView,
  group: GroupView,
  note: NoteView,
  inputs: BoundaryView,
  outputs: BoundaryView,
};
const NOTHING: ReadonlySet<string> = new Set();
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
  const far = detail === "far";
  const { nodes, waiting } = useNodesInSight(scene, area, far);
  const { wheel, drag, grid } = useChrome((chrome) => chrome.choices);
  useCamera();
  return (
    <GestureLayer>
      <ReactFlow
        nodes={nodes}
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
        onMoveStart={duringMove}
        onMove={duringMove}
        onMoveEnd={(_, view) => {
          endMove();
          keepView(view);
        }}
        proOptions={ATTRIBUTION}
      >
        {!far && <Dots gap={detail === "full" ? grid : grid * FEWER_DOTS} size={detail === "full" ? 1 : 2} />}
        {(far || waiting > MANY) && <Overview scene={scene} />}
        {!far && <LinkLayer scene={scene} region={area} />}
        <WiringLine scene={scene} />
      </ReactFlow>
      <Overlays scene={scene} />
    </GestureLayer>
  );
}

// While the view is only shifted the page need not be painted anew; while it is zoomed it must, or texts would blur.
// The end of a zoom may be told after the next shift has begun: so each step says again what goes on.
let zoomBefore: number | null = null;

function duringMove(_: unknown, { zoom }: { readonly zoom: number }): void {
  document.documentElement.toggleAttribute("data-moving", true);
  document.documentElement.toggleAttribute("data-shifting", zoom === zoomBefore);
  zoomBefore = zoom;
}

function endMove(): void {
  document.documentElement.removeAttribute("data-shifting");
  document.documentElement.removeAttribute("data-moving");
}

const REST = 140; // milliseconds: elements come when the view no longer zooms
const FEWER_DOTS = 4; // dots that lie too close are but a haze
const MANY = 8; // until so many nodes have come the picture from afar stays behind them

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
  const place = useStore(({ transform }) => (due === detail ? 0 : transform[2]));
  const comes = detail === "far" && due !== "far";
  useEffect(() => {
    if (due === detail) return;
    const timer = setTimeout(
      () => {
        useCanvas.setState({ detail: due });
      },
      comes ? REST : 0,
    );
    return () => {
      clearTimeout(timer);
    };
  }, [due, detail, comes, place]);
  return comes ? detail : due;
}

// Beside what is in sight, what is dragged, wired or has the focus stays: else a gesture would lose what it holds.
function useNodesInSight(scene: Scene, area: Bounds, far: boolean) {
  const moving = useCanvas((canvas) => canvas.moving);
  const focused = useCanvas((canvas) => canvas.focused);
  const wired = useCanvas(({ wiring }) =>
    wiring ? ("from" in wiring.end ? wiring.end.from[0] : wiring.end.to.node) : null,
  );
  const wanted = useMemo(() => {
    if (far) return NOTHING;
    const found = within(hashOfItems(scene), area);
    if (focused !== null) found.add(focused);
    if (wired !== null) found.add(wired);
    return found;
  }, [scene, area, focused, wired, far]);
  const { mounted: ids, waiting } = useMounted(wanted, scene.boxes, area);
  const held = moving.size > 0 && moving.size < 200 ? [...moving.keys()].join("\n") : "";
  const order = useMemo(() => {
    const all = held && !far ? new Set([...ids, ...held.split("\n")]) : ids;
    return inOrder(scene, all);
  }, [scene, ids, held, far]);
  const apart = isPaintedApart(moving);
  const nodes = useMemo(
    () =>
      order.flatMap((id) => {
        const item = shownItem(scene, id, moving);
        if (!item) return [];
        const node = flowNodeOf(item);
        return [apart && moving.has(id) ? { ...node, className: `${node.className ?? ""} moved` } : node];
      }),
    [order, scene, moving, apart],
  );
  return { nodes, waiting };
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
