import "./pictures.css";

import { CircleSlash, Clock, LoaderCircle, TriangleAlert, Type } from "lucide-react";

import type { Run } from "../state/server";
import type { FileRef } from "../wire/shapes";
import { fileUrl, mediaOf } from "./format";
import { Picture } from "./NodePictures";

const SIGNS = {
  queued: Clock,
  running: LoaderCircle,
  done: Type,
  failed: TriangleAlert,
  poisoned: TriangleAlert,
  cancelled: CircleSlash,
} as const;

/** A run's picture, small; or a sign of how it stands where it has none. */
export function Thumb({ run, file = run.picture }: { readonly run: Run; readonly file?: FileRef | null }) {
  const Sign = SIGNS[run.status];
  return (
    <span className="thumb" data-status={run.status}>
      {file && mediaOf(file) === "image" ? (
        <Picture url={fileUrl(file, true)} alt="" />
      ) : (
        <Sign size={16} aria-hidden />
      )}
    </span>
  );
}
