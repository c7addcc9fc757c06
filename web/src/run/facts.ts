import { own } from "../graph/own";
import type { Fact, Server } from "../state/server";

/** What is known of an output before it is computed. */
export function factOf(forecast: Server["forecast"], flat: string, output: string): Fact | undefined {
  const node = own(forecast, flat);
  return node && own(node.outputs, output);
}
