/** The way to the server that this page came from. */

import { client } from "../wire/http";
import { noteRequest } from "./liveStore";

/** Ask the server. Addresses are below the page's own, so that Weft works below a path of another server too. */
export const call = client({
  base: () => new URL("api/", globalThis.document.baseURI).href,
  fetch: (...asked) => fetch(...asked),
  seconds: 30,
  watch: noteRequest,
});
