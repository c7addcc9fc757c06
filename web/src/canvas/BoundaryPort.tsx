import { ChevronDown, ChevronUp, X } from "lucide-react";
import { useState } from "react";

import { hideInput, hideOutput, movePort, renamePort } from "../graph/subgraphs";
import { edit } from "../state/tabs";
import { TitleField } from "./TitleField";

export interface BoundaryPortProps {
  readonly sheetId: string;
  readonly side: "inputs" | "outputs";
  readonly name: string;
  readonly label: string;
  readonly first: boolean;
  readonly last: boolean;
}

/** An input or output of a subgraph: its name can be changed, its place among the others too. */
export function BoundaryPort({ sheetId, side, name, label, first, last }: BoundaryPortProps) {
  const [renaming, setRenaming] = useState(false);
  if (renaming)
    return (
      <TitleField
        title={label}
        label={`Name of ${label}`}
        onDone={(text) => {
          setRenaming(false);
          if (text) edit("Rename port", (document) => renamePort(document, sheetId, side, name, text));
        }}
      />
    );
  const move = (by: number) => {
    edit("Move port", (document) => {
      const place = document.subgraphs?.[sheetId]?.[side].findIndex((port) => port.name === name) ?? -1;
      return place < 0 ? document : movePort(document, sheetId, side, name, Math.max(0, place + by));
    });
  };
  return (
    <span className="boundary-port">
      <button
        type="button"
        className="boundary-name nodrag"
        title="Rename"
        onDoubleClick={() => {
          setRenaming(true);
        }}
        onKeyDown={(event) => {
          if (event.key === "F2" || event.key === "Enter") setRenaming(true);
        }}
      >
        {label}
      </button>
      <span className="boundary-tools">
        <Tool
          label={`Move ${label} up`}
          icon={ChevronUp}
          off={first}
          onClick={() => {
            move(-1);
          }}
        />
        <Tool
          label={`Move ${label} down`}
          icon={ChevronDown}
          off={last}
          onClick={() => {
            move(1);
          }}
        />
        <Tool
          label={`Remove ${label}`}
          icon={X}
          onClick={() => {
            const hide = side === "inputs" ? hideInput : hideOutput;
            edit("Remove port", (document) => hide(document, sheetId, name));
          }}
        />
      </span>
    </span>
  );
}

interface ToolProps {
  readonly label: string;
  readonly icon: typeof X;
  readonly off?: boolean;
  readonly onClick: () => void;
}

function Tool({ label, icon: Icon, off = false, onClick }: ToolProps) {
  return (
    <button
      type="button"
      className="boundary-tool nodrag"
      aria-label={label}
      title={label}
      disabled={off}
      onClick={onClick}
    >
      <Icon size={12} aria-hidden />
    </button>
  );
}
