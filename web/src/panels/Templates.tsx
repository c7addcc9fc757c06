import "./panels.css";

import { Workflow } from "lucide-react";
import { useEffect, useState } from "react";

import { openTemplate } from "../shell/files";
import { call } from "../state/call";
import { listTemplates, type Template } from "../wire/files";

/** Graphs to begin with. */
export function Templates() {
  const [templates, setTemplates] = useState<readonly Template[]>([]);
  const [wrong, setWrong] = useState("");

  useEffect(() => {
    let gone = false;
    void listTemplates(call).then((answer) => {
      if (gone) return;
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
      <ul className="cards">
        {templates.map((template) => (
          <li key={template.name}>
            <button
              type="button"
              className="card"
              onClick={() => {
                void openTemplate(template.name, template.title);
              }}
            >
              {template.picture ? (
                <img className="card-picture" alt="" loading="lazy" src={template.picture} />
              ) : (
                <span className="card-picture">
                  <Workflow size={28} aria-hidden />
                </span>
              )}
              <strong>{template.title}</strong>
              <span>{template.description}</span>
              <small>{template.nodes} nodes</small>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
