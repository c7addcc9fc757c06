import { lazy, Suspense, type ComponentType } from "react";

import { useChrome, type Dialog } from "../state/chrome";
import { Boundary } from "./Boundary";

const DIALOGS: Record<Dialog, ComponentType> = {
  palette: lazy(async () => ({ default: (await import("./Palette")).Palette })),
  keys: lazy(async () => ({ default: (await import("./KeysEditor")).KeysEditor })),
  settings: lazy(async () => ({ default: (await import("./Settings")).Settings })),
  missing: lazy(async () => ({ default: (await import("./Missing")).Missing })),
  find: lazy(async () => ({ default: (await import("./Find")).Find })),
  about: lazy(async () => ({ default: (await import("./About")).About })),
  sweep: lazy(async () => ({ default: (await import("../run/SweepDialog")).SweepDialog })),
  lightbox: lazy(async () => ({ default: (await import("../run/Lightbox")).Lightbox })),
};

/** The dialog that is open. */
export function Dialogs() {
  const open = useChrome((chrome) => chrome.dialog);
  if (open === null) return null;
  const View = DIALOGS[open];
  return (
    <Boundary key={open}>
      <Suspense fallback={null}>
        <View />
      </Suspense>
    </Boundary>
  );
}
