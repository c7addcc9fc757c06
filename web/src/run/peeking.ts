/** Asking the cache what is in a value, while somebody looks at it. */

import { useEffect, useState } from "react";

import { own } from "../graph/own";
import { call } from "../state/call";
import { clientId } from "../state/liveClient";
import { useServer, type Forecast } from "../state/server";
import { currentDocument } from "../state/tabs";
import type { Answer } from "../wire/answer";
import { postPeek } from "../wire/routes";
import type { PeekShape } from "../wire/shapes";

export type Found = PeekShape | "looking" | "nothing";

/** What is in the value of an output. Asked again with each forecast; what is not kept is not asked for. */
export function usePeek(flat: string, output: string): Found {
  const forecast = useServer((server) => own(server.forecast, flat));
  const kept = isKept(forecast);
  const [found, setFound] = useState<Answer<PeekShape> | null>(null);
  useEffect(() => {
    if (!isKept(forecast)) return;
    const giving = new AbortController();
    // As the client whose runs made it: on them depends how the value is called in the cache.
    const asked = { graph: currentDocument(), client_id: clientId(), node: flat, output };
    void postPeek(call, asked, giving.signal).then((answer) => {
      if (!giving.signal.aborted) setFound(answer);
    });
    return () => {
      giving.abort();
    };
  }, [forecast, flat, output]);
  if (!kept) return "nothing";
  return found === null ? "looking" : found.ok ? found.value : "nothing";
}

function isKept(forecast: Forecast | undefined): boolean {
  return forecast?.state === "cached" || (forecast?.state === "idle" && forecast.size !== null);
}
