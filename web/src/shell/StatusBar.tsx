import { runAction } from "../state/actions";
import { useServer, type Connection } from "../state/server";
import { activeTab, currentSheet, useTabs } from "../state/tabs";

const CONNECTIONS: Record<Connection, string> = {
  connecting: "Connecting to the server",
  open: "Connected",
  lost: "The server does not answer; trying again. Nothing is lost",
};

/** How the server and the document are, in one line. */
export function StatusBar() {
  const connection = useServer((server) => server.connection);
  const problems = useServer((server) => server.problems.length + (server.failure ? 1 : 0));
  const paused = useServer((server) => server.paused);
  const nodes = useTabs((tabs) => Object.keys(currentSheet(tabs).nodes).length);
  const chosen = useTabs((tabs) => {
    const here = currentSheet(tabs).nodes;
    return [...activeTab(tabs).selection].filter((id) => Object.hasOwn(here, id)).length;
  });
  const file = useTabs((tabs) => activeTab(tabs).file);
  return (
    <footer className="status">
      <span className="status-connection" data-connection={connection} role="status">
        {CONNECTIONS[connection]}
      </span>
      {paused !== null && <span className="status-paused">Queue paused: {paused}</span>}
      <span className="status-space">{file}</span>
      <button
        type="button"
        className="status-problems"
        data-some={problems > 0 || undefined}
        onClick={() => {
          void runAction("panel.problems");
        }}
      >
        {problems === 0 ? "No problems" : problems === 1 ? "1 problem" : `${String(problems)} problems`}
      </button>
      <span>
        {chosen > 0
          ? `${String(chosen)} of ${String(nodes)} chosen`
          : nodes === 1
            ? "1 node"
            : `${String(nodes)} nodes`}
      </span>
    </footer>
  );
}
