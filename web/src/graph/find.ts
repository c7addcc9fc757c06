/** Finding things in a document by their titles, kinds, ids, values and texts. */

import { isLink, type Document, type GraphNode, type SheetId } from "./document";
import type { Specs } from "./specs";
import { describe, titleOf } from "./titles";
import { sheetsOf } from "./uses";

/** Something that was found: a node, a note or a group of a sheet. `wayInto` tells how to come to that sheet. */
export interface Hit {
  readonly sheet: SheetId;
  readonly id: string;
  readonly kind: "node" | "note" | "group";
  /** What it is called. */
  readonly title: string;
  /** Where the words stand: in the title, the kind, the id, the text of a note, or the input of that name. */
  readonly where:
    { readonly what: "title" | "kind" | "id" | "text" } | { readonly what: "value"; readonly input: string };
  /** The text in which they stand. */
  readonly text: string;
}

type Where = Hit["where"];

/** All that has every word of the query, titles first. Nothing for an empty query. */
export function find(document: Document, specs: Specs, query: string): readonly Hit[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const fits = (text: string) => words.every((word) => text.toLowerCase().includes(word));
  const hits: Hit[] = [];
  for (const [sheet, { nodes, notes = [], groups = [] }] of sheetsOf(document)) {
    for (const [id, node] of Object.entries(nodes)) {
      const title = titleOf(document, specs, node);
      const found = textsOf(id, node, title).find(([text]) => fits(text));
      if (found) hits.push({ sheet, id, kind: "node", title, where: found[1], text: found[0] });
    }
    for (const { id, text } of notes)
      if (fits(text))
        hits.push({ sheet, id, kind: "note", title: describe(text, 40), where: { what: "text" }, text });
    for (const { id, title } of groups)
      if (fits(title)) hits.push({ sheet, id, kind: "group", title, where: { what: "title" }, text: title });
  }
  return hits.sort((a, b) => ORDER.indexOf(a.where.what) - ORDER.indexOf(b.where.what));
}

const ORDER: readonly Where["what"][] = ["title", "id", "kind", "value", "text"];

function textsOf(id: string, node: GraphNode, title: string): readonly (readonly [string, Where])[] {
  const values = Object.entries(node.inputs)
    .filter(([, value]) => !isLink(value))
    .map(([input, value]) => {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return [text, { what: "value", input }] as const;
    });
  return [[title, { what: "title" }], [id, { what: "id" }], [node.class_type, { what: "kind" }], ...values];
}
