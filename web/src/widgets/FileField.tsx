import { Upload } from "lucide-react";
import { useState, type DragEvent } from "react";

import type { Widget } from "../graph/specs";
import { say } from "../state/chrome";
import { useServer } from "../state/server";
import { upload } from "../wire/upload";
import { Chooser } from "./Chooser";
import type { Kind } from "./Field";

type FileWidget = Extract<Widget, { kind: "File" }>;

const PICTURE = /\.(png|jpe?g|webp|gif|bmp)$/i;
const NONE: readonly string[] = [];

/** A file of one of the server's folders; pictures for the input folder can be brought along. */
export function FileField({ id, widget, value, setting, describedBy, invalid }: Kind<FileWidget>) {
  const files = useServer((server) => server.files[widget.folder] ?? NONE);
  const [over, setOver] = useState(false);
  const name = typeof value === "string" ? value : "";
  const takes = widget.folder === "input";

  async function bring(file: File | undefined) {
    if (!file) return;
    const brought = await upload(file);
    if (brought.ok) {
      useServer.setState((server) => ({
        files: {
          ...server.files,
          input: [...new Set([...(server.files["input"] ?? []), brought.name])].sort(),
        },
      }));
      setting.begin();
      setting.set(brought.name);
    } else say(`${file.name} was not taken: ${brought.message}`, "bad");
  }

  const chooser = (
    <Chooser
      id={id}
      options={files}
      value={name}
      describedBy={describedBy}
      invalid={invalid}
      placeholder={files.length === 0 ? `No files in ${widget.folder}` : "Choose a file"}
      onChoose={(chosen) => {
        setting.begin();
        setting.set(chosen);
      }}
    />
  );
  if (!takes) return chooser;

  function drop(event: DragEvent) {
    event.preventDefault();
    event.stopPropagation();
    setOver(false);
    void bring(event.dataTransfer.files[0]);
  }

  return (
    // A file is dropped with a pointer; who has none uses the button, which does the same.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className="field-file nodrag"
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => {
        setOver(false);
      }}
      onDrop={drop}
    >
      <div className="field-row">
        {chooser}
        <label className="field-button" title="Bring a picture">
          <Upload size={14} aria-hidden />
          <span className="unseen">Bring a picture</span>
          <input
            type="file"
            accept="image/*"
            className="unseen"
            onChange={(event) => {
              void bring(event.target.files?.[0]);
              event.target.value = "";
            }}
          />
        </label>
      </div>
      {PICTURE.test(name) && files.includes(name) && (
        <img
          className="field-thumb"
          alt={name}
          loading="lazy"
          src={`api/view?${new URLSearchParams({ ...placeOf(name), type: "input", preview: "webp;80" }).toString()}`}
        />
      )}
    </div>
  );
}

function placeOf(name: string): { filename: string; subfolder: string } {
  const at = name.lastIndexOf("/");
  return { filename: name.slice(at + 1), subfolder: at < 0 ? "" : name.slice(0, at) };
}
