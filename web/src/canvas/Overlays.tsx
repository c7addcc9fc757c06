import { lazy, Suspense } from "react";

import { useCanvas } from "../state/canvas";
import { useChrome } from "../state/chrome";
import { Breadcrumb } from "./Breadcrumb";
import { CanvasMenu } from "./CanvasMenu";
import { EmptyHint } from "./EmptyHint";
import { Minimap } from "./Minimap";
import type { Scene } from "./model";
import { Strokes } from "./Strokes";
import { ViewTools } from "./ViewTools";

const AddNode = lazy(() => import("./AddNode"));
const LinkTo = lazy(() => import("./LinkTo"));

/** What lies above the sheet: boxes and strokes being drawn, searches, menus, the small map. */
export function Overlays({ scene }: { readonly scene: Scene }) {
  const adding = useCanvas((canvas) => canvas.adding);
  const linking = useCanvas((canvas) => canvas.linking);
  const minimap = useChrome((chrome) => chrome.choices.minimap);
  return (
    <>
      <Strokes />
      <Breadcrumb />
      <EmptyHint scene={scene} />
      <div className="canvas-corner">
        {minimap && scene.items.size > 0 && <Minimap />}
        <ViewTools />
      </div>
      <Suspense>
        {adding && <AddNode key={adding.page.join()} adding={adding} />}
        {linking && <LinkTo linking={linking} />}
      </Suspense>
      <CanvasMenu />
    </>
  );
}
