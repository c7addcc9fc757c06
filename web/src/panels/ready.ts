/** The order of the templates: what a person can run at once comes first. */

import type { Document } from "../graph/document";
import { missing } from "../graph/missing";
import type { Specs } from "../graph/specs";
import type { Template } from "../wire/files";

/** The one with which all documentation begins. */
const FIRST = "text_to_image";

/** The templates that can run here, and those that need nodes or files which are not here. */
export function sorted(
  templates: readonly Template[],
  graphs: ReadonlyMap<string, Document>,
  specs: Specs,
  files: Readonly<Record<string, readonly string[]>>,
): { readonly ready: readonly Template[]; readonly wanting: readonly Template[] } {
  const ready: Template[] = [];
  const wanting: Template[] = [];
  for (const template of templates) {
    const graph = graphs.get(template.name);
    const absent = graph && missing(graph, specs, files);
    const whole = !absent || absent.kinds.length + absent.files.length === 0;
    (whole ? ready : wanting).push(template);
  }
  const last = (template: Template) => Number(template.name !== FIRST);
  return { ready: ready.sort((one, other) => last(one) - last(other)), wanting };
}
