import "./panels.css";

import { useEffect, useMemo, useState } from "react";

import { GraphDrawing } from "../canvas/GraphDrawing";
import type { Document } from "../graph/document";
import { openTemplate } from "../shell/files";
import { call } from "../state/call";
import { useChrome } from "../state/chrome";
import { useServer } from "../state/server";
import { listTemplates, readTemplate, type Template } from "../wire/files";
import { sorted } from "./ready";

/** Graphs to begin with: those that can run here, then those that need files which are not here. */
export function Templates() {
  const [templates, setTemplates] = useState<readonly Template[] | null>(null);
  const [graphs, setGraphs] = useState<ReadonlyMap<string, Document>>(new Map());
  const [wrong, setWrong] = useState("");
  const specs = useServer((server) => server.specs);
  const files = useServer((server) => server.files);
  const { ready, wanting } = useMemo(
    () => sorted(templates ?? [], graphs, specs, files),
    [templates, graphs, specs, files],
  );

  useEffect(() => {
    let gone = false;
    void listTemplates(call).then(async (answer) => {
      // Shown together: a card that changed its place once more is known of its graph would not be where one pressed.
      const read = answer.ok ? await readAll(answer.value) : new Map<string, Document>();
      if (gone) return;
      setGraphs(read);
      if (answer.ok) setTemplates(answer.value);
      else setWrong(answer.refusal.message);
    });
    return () => {
      gone = true;
    };
  }, []);

  return (
    <>
      {wrong && <p className="panel-wrong">{wrong}</p>}
      {!templates && !wrong && <p className="panel-wait">Loading</p>}
      <Cards templates={ready} graphs={graphs} />
      {wanting.length > 0 && (
        <section aria-labelledby="templates-wanting">
          <h3 id="templates-wanting" className="cards-title">
            They need files that are not here
          </h3>
          <Cards templates={wanting} graphs={graphs} />
        </section>
      )}
    </>
  );
}

interface CardsProps {
  readonly templates: readonly Template[];
  readonly graphs: ReadonlyMap<string, Document>;
}

function Cards({ templates, graphs }: CardsProps) {
  return (
    <ul className="cards">
      {templates.map((template) => (
        <li key={template.name}>
          <button
            type="button"
            className="card"
            onClick={() => {
              // The graph gets the room: chosen is chosen.
              useChrome.setState({ left: null });
              void openTemplate(template.name, template.title);
            }}
          >
            <Picture template={template} graph={graphs.get(template.name)} />
            <strong>{template.title}</strong>
            <span>{template.description}</span>
            <small>{template.nodes} nodes</small>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Picture({ template, graph }: { readonly template: Template; readonly graph: Document | undefined }) {
  const specs = useServer((server) => server.specs);
  if (template.picture) return <img className="card-picture" alt="" loading="lazy" src={template.picture} />;
  return graph ? <GraphDrawing document={graph} specs={specs} /> : <span className="card-picture" />;
}

// What cannot be read is told when somebody opens it.
async function readAll(templates: readonly Template[]): Promise<ReadonlyMap<string, Document>> {
  const read = await Promise.all(
    templates.map(async ({ name }) => [name, await readTemplate(call, name)] as const),
  );
  return new Map(
    read.flatMap(([name, answer]): [string, Document][] => (answer.ok ? [[name, answer.value]] : [])),
  );
}
