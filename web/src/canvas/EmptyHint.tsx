import { runAction } from "../state/actions";
import { useServer } from "../state/server";
import type { Scene } from "./model";

/** What to do with a canvas on which there is nothing. */
export function EmptyHint({ scene }: { readonly scene: Scene }) {
  const known = useServer((server) => server.specsKnown);
  if (scene.items.size > 0 || !known) return null;
  return (
    <div className="canvas-empty">
      <p className="canvas-empty-title">An empty canvas</p>
      <p>
        Double-click, or press <kbd>Tab</kbd>, to add a node. Drop a picture or a workflow to open it.
      </p>
      <button
        type="button"
        className="canvas-empty-begin"
        onClick={() => {
          void runAction("panel.templates");
        }}
      >
        Begin with a template
      </button>
    </div>
  );
}
