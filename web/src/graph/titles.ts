/** What people call things: nodes by their titles, values by a short text. */

import { isLink, type Document, type GraphNode, type InputValue } from "./document";
import { specOf, type Specs } from "./specs";

/** What a node is called: the name the user gave it, else that of its kind. */
export function titleOf(document: Document, specs: Specs, node: GraphNode): string {
  return node._meta?.title ?? specOf(document, specs, node.class_type)?.title ?? node.class_type;
}

/** A short text of a value, of at most `most` letters. */
export function describe(value: InputValue | undefined, most = 60): string {
  if (value === undefined) return "default";
  if (isLink(value)) return `from ${value[0]} (${value[1]})`;
  const text = typeof value === "string" ? value.replace(/\s+/g, " ").trim() : inWords(value);
  if (text === "") return "empty";
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

function inWords(value: Exclude<InputValue, string>): string {
  if (value === null) return "none";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return String(Number(value.toPrecision(12)));
  return JSON.stringify(value);
}
