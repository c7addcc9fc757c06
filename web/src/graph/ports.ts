/** Which values may flow into which ports: the rules of `engine/graph/types.py`, told in the same order. */

import type { Port } from "./specs";

/** Whether a value of the type `given` may flow into a port of the type `wanted`. */
export function fits(given: Port, wanted: Port): boolean {
  if (given.kind === "anything" || wanted.kind === "anything") return true;
  if (given.kind === "list of") return fits(given.item, wanted);
  if (wanted.kind === "list of") return fits(given, wanted.item);
  if (given.kind === "one of") return given.members.every((member) => fits(member, wanted));
  if (wanted.kind === "one of") return wanted.members.some((member) => fits(given, member));
  const names = [given.name, ...given.bases];
  return names.includes(wanted.name) || (wanted.name === "float" && names.includes("int"));
}

/** The type as a person reads it. */
export function portText(port: Port): string {
  switch (port.kind) {
    case "named":
      return port.name;
    case "anything":
      return "anything";
    case "one of":
      return port.members.map(portText).join(" | ");
    case "list of":
      return `list of ${portText(port.item)}`;
  }
}
