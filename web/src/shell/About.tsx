import { useServer } from "../state/server";
import { Modal } from "./Modal";

/** What this is, and what it knows. */
export function About() {
  const nodes = useServer((server) => server.specs.size);
  return (
    <Modal title="About Weft">
      <p>
        Weft runs graphs of typed nodes for latent diffusion. It runs what changed and nothing else, says why,
        and keeps whatever was made together with the graph that made it.
      </p>
      <p>
        {nodes} kinds of nodes are known. Everything you do here can be undone; everything you ran is in the
        history.
      </p>
      <p>
        <a href="api/openapi.json" target="_blank" rel="noreferrer">
          What the server understands
        </a>
      </p>
    </Modal>
  );
}
