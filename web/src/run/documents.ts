/** The documents of earlier runs, and the ways back to them. Nothing is lost: coming back is one step that undo takes back. */

import type { Document } from "../graph/document";
import { call } from "../state/call";
import { fit } from "../state/canvas";
import { say } from "../state/chrome";
import { fetchRun } from "../state/live";
import { changeTab, currentDocument, edit, openTab } from "../state/tabs";
import { toDocument } from "../wire/files";
import { getRunDocument } from "../wire/routes";

const MOST = 200;
const kept = new Map<string, Promise<Document | null>>();

/** The document of a run as it was sent; null where nobody has it any more. A run's document never changes. */
export function documentOf(run: string): Promise<Document | null> {
  const known = kept.get(run);
  if (known) return known;
  const asked = getRunDocument(call, run).then((answer) => {
    if (answer.ok) return placed(answer.value);
    kept.delete(run);
    return null;
  });
  kept.set(run, asked);
  const [oldest] = kept.keys();
  if (kept.size > MOST && oldest !== undefined) kept.delete(oldest);
  return asked;
}

// What a program sent has no places; the server finds some.
async function placed(document: Document): Promise<Document> {
  if (Object.values(document.nodes).every((node) => node._meta?.position)) return document;
  const answer = await toDocument(call, document);
  return answer.ok ? answer.value.document : document;
}

/** Put a run's graph into the tab that is shown, as one step that can be undone. */
export async function restoreHere(run: string): Promise<void> {
  const document = await documentOf(run);
  if (!document) {
    say("The graph of this run is not there any more.", "bad");
    return;
  }
  const empty = Object.keys(currentDocument().nodes).length === 0;
  edit("Back to an earlier run", () => document);
  changeTab(() => ({ parent: run, entered: [], selection: new Set() }));
  void fetchRun(run);
  if (empty) fit();
  say("The graph is as it was for this run. Undo takes you back.");
}

/** Open a run's graph in a tab of its own. */
export async function restoreInTab(run: string, name: string): Promise<void> {
  const document = await documentOf(run);
  if (!document) {
    say("The graph of this run is not there any more.", "bad");
    return;
  }
  openTab(document, document.title ?? name, { parent: run });
}
