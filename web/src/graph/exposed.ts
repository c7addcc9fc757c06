/** The form view's fields, which follow their nodes into subgraphs and out of them. */

import { nodeAt, sheetAt, subgraphOf, type Document, type Exposed, type SheetId } from "./document";
import { locate } from "./flat";

/** A field as seen from a sheet: the instances on the way to its node and the node, and which input. */
export interface Field {
  readonly path: readonly string[];
  readonly input: string;
}

/** The document with the fields of nodes on a sheet, or further in, under other names. */
export function renameExposed(document: Document, sheet: SheetId, rename: (field: Field) => Field): Document {
  const { exposed } = document;
  if (!exposed) return document;
  return { ...document, exposed: exposed.map((one) => renamed(document, sheet, one, rename)) };
}

/** The document without the fields whose nodes are gone. */
export function dropExposed(document: Document): Document {
  const kept = document.exposed?.filter((one) => locate(document, one.node) !== null);
  return kept && kept.length !== document.exposed?.length ? { ...document, exposed: kept } : document;
}

function renamed(document: Document, sheet: SheetId, one: Exposed, rename: (field: Field) => Field): Exposed {
  const path = one.node.split(":");
  let at: SheetId | undefined = null;
  for (let depth = 0; depth < path.length && at !== undefined; depth += 1) {
    if (at === sheet) {
      const field = rename({ path: path.slice(depth), input: one.input });
      return { ...one, node: [...path.slice(0, depth), ...field.path].join(":"), input: field.input };
    }
    const on = sheetAt(document, at);
    at = subgraphOf((on && nodeAt(on, path[depth] ?? "")?.class_type) ?? "") ?? undefined;
  }
  return one;
}
