/** All files that runs have made. What a run has made does not change once it is over. */

import { call } from "../state/call";
import { getRun } from "../wire/routes";
import type { Artifact, FileRef } from "../wire/shapes";
import { mediaOf } from "./format";
import type { Shot } from "./shots";

const kept = new Map<string, Promise<readonly Shot[]>>();

/** The pictures and films of a run that is over. */
export function shotsOfRun(run: string): Promise<readonly Shot[]> {
  const known = kept.get(run);
  if (known) return known;
  const asked = getRun(call, run).then((answer) => {
    if (answer.ok) return shotsIn(run, answer.value.artifacts);
    kept.delete(run);
    return [];
  });
  kept.set(run, asked);
  return asked;
}

/** What can be looked at among the files of a run. */
export function shotsIn(run: string, artifacts: readonly Artifact[]): readonly Shot[] {
  return artifacts
    .map(({ name, folder }): FileRef => {
      const cut = name.lastIndexOf("/");
      return { filename: name.slice(cut + 1), subfolder: name.slice(0, Math.max(cut, 0)), type: folder };
    })
    .filter((file) => ["image", "video"].includes(mediaOf(file)))
    .map((file) => ({ file, run }));
}
