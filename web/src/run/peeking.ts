/** Asking the cache what is in a value, while somebody looks at it. */

import { useEffect, useState } from "react";

import { call } from "../state/call";
import { useServer } from "../state/server";
import { currentDocument, useTabs } from "../state/tabs";
import type { Answer } from "../wire/answer";
import { postPeek } from "../wire/routes";
import type { PeekShape } from "../wire/shapes";

/** What is in the value of an output; null while it is asked for. Asked again when the node has run. */
export function usePeek(flat: string, output: string): Answer<PeekShape> | null {
  const document = useTabs(currentDocument);
  const state = useServer((server) => server.forecast[flat]?.state);
  const [found, setFound] = useState<Answer<PeekShape> | null>(null);
  useEffect(() => {
    const giving = new AbortController();
    void postPeek(call, { graph: document, node: flat, output }, giving.signal).then((answer) => {
      if (!giving.signal.aborted) setFound(answer);
    });
    return () => {
      giving.abort();
    };
  }, [document, flat, output, state]);
  return found;
}
