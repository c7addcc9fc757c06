import "@xyflow/react/dist/base.css";
import "./theme/tokens.css";
import "./theme/app.css";
import "./shell/actions";
import "./canvas/actions";
import "./run/actions";

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./App";
import { startRuns } from "./run/start";
import { keepTabs } from "./shell/autosave";
import { recallChoices } from "./shell/choices";
import { takeDrops } from "./shell/dropping";
import { listenToKeys } from "./shell/keys";

const place = document.getElementById("root");
if (!place) throw new Error("The page has no #root.");

listenToKeys(globalThis.window);
takeDrops(globalThis.window);
void recallChoices();
await keepTabs();
startRuns();
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
