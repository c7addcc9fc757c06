/** Numbers as people read them: durations, sizes, shapes, times of day. */

import type { Fact } from "../state/server";
import type { FileRef } from "../wire/shapes";

/** A duration: "0.85 s", "12 s", "3 min 5 s". */
export function secondsText(seconds: number): string {
  if (seconds < 0.01) return "<0.01 s";
  if (seconds < 10) return `${seconds < 1 ? seconds.toFixed(2) : seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds - minutes * 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** A size in memory: "48 KiB". */
export function bytesText(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${size < 10 && unit > 0 ? size.toFixed(1) : Math.round(size)} ${UNITS[unit] ?? "B"}`;
}

/** A shape, with what is not known yet left open: "1 × 64 × 64 × 3". */
export function shapeText(shape: readonly (number | null)[]): string {
  return shape.map((side) => side ?? "?").join(" × ");
}

/** What is known of a value before it is there: "image 1 × 64 × 64 × 3, 48 KiB". */
export function factText(fact: Fact): string {
  const parts = [
    fact.shape && fact.shape.length > 0 ? `${fact.kind} ${shapeText(fact.shape)}` : fact.kind,
    fact.family,
    fact.bytes === null ? null : bytesText(fact.bytes),
  ];
  return parts.filter(Boolean).join(", ");
}

/** A number as short as it still tells something: "0.1235", "1.2e-7". */
export function numberText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e9
    ? String(value)
    : String(Number(value.toPrecision(4)));
}

/** How long ago something was: "just now", "5 min ago", "14:03" of today, else the date. */
export function agoText(unixSeconds: number, now: number = Date.now()): string {
  const seconds = now / 1000 - unixSeconds;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  const then = new Date(unixSeconds * 1000);
  const clock = then.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return then.toDateString() === new Date(now).toDateString()
    ? clock
    : `${then.toLocaleDateString([], { day: "numeric", month: "short" })} ${clock}`;
}

/** Where a file is to be had; `small` gives a picture that is quicker to load. */
export function fileUrl(file: FileRef, small = false): string {
  const query = new URLSearchParams({ filename: file.filename, type: file.type, subfolder: file.subfolder });
  if (small) query.set("preview", "webp;80");
  return `api/view?${query.toString()}`;
}

/** What a file is, by its name. */
export function mediaOf(file: FileRef): "image" | "video" | "audio" | "other" {
  const ending = file.filename.split(".").at(-1)?.toLowerCase() ?? "";
  if (["png", "jpg", "jpeg", "webp", "gif", "avif", "bmp"].includes(ending)) return "image";
  if (["mp4", "webm", "mov", "mkv"].includes(ending)) return "video";
  if (["wav", "flac", "mp3", "ogg", "opus"].includes(ending)) return "audio";
  return "other";
}
