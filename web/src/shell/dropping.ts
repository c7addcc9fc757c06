/** Files that are dropped on the page are opened: pictures with a graph in them, and JSON of any format. */

import { openFrom } from "./files";

/** Have the window take dropped files, except where something else takes them. Gives the way to stop. */
export function takeDrops(target: Window): () => void {
  const over = (event: DragEvent) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  };
  const drop = (event: DragEvent) => {
    if (event.defaultPrevented) return;
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void openAll(files);
  };
  target.addEventListener("dragover", over);
  target.addEventListener("drop", drop);
  return () => {
    target.removeEventListener("dragover", over);
    target.removeEventListener("drop", drop);
  };
}

/** Let the user choose files to open. */
export function chooseFiles(): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.accept = ".json,.png,.webp,image/png,image/webp,application/json";
  input.addEventListener("change", () => void openAll([...(input.files ?? [])]));
  input.click();
}

async function openAll(files: readonly File[]): Promise<void> {
  for (const file of files) await openFrom(file, file.name.replace(/\.[a-z]+$/i, ""));
}
