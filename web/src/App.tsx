import { Canvas } from "./canvas/Canvas";
import { LeftPanel } from "./panels/LeftPanel";
import { RightPanel } from "./panels/RightPanel";
import { Overlays } from "./run/Overlays";
import { Dialogs } from "./shell/Dialogs";
import { Notice } from "./shell/Notice";
import { Rail } from "./shell/Rail";
import { StatusBar } from "./shell/StatusBar";
import { TabBar } from "./shell/TabBar";
import { TopBar } from "./shell/TopBar";

/** The editor's frame: bars above and below, panels at the sides, the canvas in the middle. */
export function App() {
  return (
    <div className="app">
      <TopBar />
      <TabBar />
      <div className="middle">
        <Rail />
        <LeftPanel />
        <main className="stage" aria-label="Canvas">
          <Canvas />
        </main>
        <RightPanel />
      </div>
      <StatusBar />
      <Overlays />
      <Dialogs />
      <Notice />
    </div>
  );
}
