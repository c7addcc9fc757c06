/** Everything about runs that goes on beside the page's parts, from its beginning to its end. */

import { startLive } from "../state/live";
import { keepRunningOnChange } from "./onChange";
import { keepTitle } from "./title";

/** Connect to the server, and keep title, forecast and runs up to date. */
export function startRuns(): () => void {
  const leave = [startLive(), keepTitle(), keepRunningOnChange()];
  return () => {
    for (const one of leave) one();
  };
}
