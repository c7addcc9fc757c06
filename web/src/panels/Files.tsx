import "./panels.css";

import { FilePlus2, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";

import { openFile } from "../shell/files";
import { runAction } from "../state/actions";
import { call } from "../state/call";
import { say } from "../state/chrome";
import { useTabs } from "../state/tabs";
import { deleteFile, listFiles, type Kept } from "../wire/files";

/** The user's graphs on the server. */
export function Files() {
  const [files, setFiles] = useState<readonly Kept[] | null>(null);
  const [wrong, setWrong] = useState("");
  const open = useTabs((state) => state.tabs.map((tab) => tab.file).join("\n"));

  useEffect(() => {
    let gone = false;
    void listFiles(call).then((answer) => {
      if (gone) return;
      if (answer.ok) setFiles([...answer.value].sort((a, b) => b.modified - a.modified));
      else setWrong(answer.refusal.message);
    });
    return () => {
      gone = true;
    };
  }, [open]);

  async function remove(path: string) {
    if (!window.confirm(`Delete ${path}? Runs made from it keep their graphs.`)) return;
    const answer = await deleteFile(call, path);
    if (answer.ok) setFiles((known) => known?.filter((file) => file.path !== path) ?? null);
    else say(`${path} was not deleted. ${answer.refusal.message}`, "bad");
  }

  return (
    <>
      <div className="panel-actions">
        <PanelButton id="file.new" text="New" />
        <PanelButton id="file.open" text="From this computer" />
        <PanelButton id="file.save" text="Save" />
      </div>
      {wrong && <p className="panel-wrong">{wrong}</p>}
      {files?.length === 0 && (
        <p className="panel-empty">
          <FilePlus2 size={20} aria-hidden />
          Nothing saved yet. Begin with a template, or drop a picture or a JSON file onto the page.
        </p>
      )}
      <ul className="rows">
        {files?.map((file) => (
          <li key={file.path} className="row">
            <button
              type="button"
              className="row-main"
              onClick={() => {
                void openFile(file.path);
              }}
            >
              {file.path.replace(/\.json$/, "")}
              <small>{new Date(1000 * file.modified).toLocaleString()}</small>
            </button>
            <button
              type="button"
              className="row-side"
              aria-label={`Delete ${file.path}`}
              onClick={() => {
                void remove(file.path);
              }}
            >
              <Trash2 size={14} aria-hidden />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function PanelButton({ id, text }: { readonly id: string; readonly text: string }) {
  return (
    <button
      type="button"
      className="button"
      onClick={() => {
        void runAction(id);
      }}
    >
      {text}
    </button>
  );
}
