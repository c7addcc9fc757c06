/** Cutting links by a stroke across them. */

import type { Point } from "../../graph/document";
import { cut } from "../../graph/splice";
import { useCanvas } from "../../state/canvas";
import { useChrome } from "../../state/chrome";
import { editSheet } from "../../state/tabs";
import { currentScene } from "../current";
import { around, within } from "../hash";
import type { Wire } from "../model";
import { cross, endsOfWire, hashOfWires, pointsOf, wiresByKey } from "../wires";
import { track } from "./track";

/** Draw a stroke: the links that it crosses are cut when it ends. */
export function cutByStroke(start: PointerEvent, from: Point): void {
  let stroke: readonly Point[] = [from];
  track(start, {
    pans: true,
    move: (at) => {
      stroke = [...stroke, at];
      useCanvas.setState({ stroke });
    },
    end: () => {
      useCanvas.setState({ stroke: null });
      const crossed = wiresAcross(stroke);
      if (crossed.length === 0) return;
      const label = crossed.length === 1 ? "Cut link" : `Cut ${crossed.length} links`;
      editSheet(label, (sheet) => cut(sheet, crossed));
    },
    cancel: () => {
      useCanvas.setState({ stroke: null });
    },
  });
}

/** The links that a stroke crosses. */
export function wiresAcross(stroke: readonly Point[]): readonly Wire[] {
  const scene = currentScene();
  const box = around(stroke.map(([x, y]) => [x, y, 0, 0] as const));
  if (!box) return [];
  const byKey = wiresByKey(scene);
  const { linkStyle } = useChrome.getState().choices;
  return [...within(hashOfWires(scene), box)].flatMap((key) => {
    const wire = byKey.get(key);
    const ends = wire && endsOfWire(wire, (id) => scene.items.get(id));
    return ends && cross(stroke, pointsOf(...ends, linkStyle)) ? [wire] : [];
  });
}
