import { useServer } from "../state/server";
import { factText } from "./format";
import { factOf } from "./facts";

/** What is known before a run of the value that a link carries, as a line of text: type, shape, family, memory. */
export function LinkFacts({ node, output }: { readonly node: string; readonly output: string }) {
  const fact = useServer((server) => factOf(server.forecast, node, output));
  return fact ? <span className="link-facts">{factText(fact)}</span> : null;
}
