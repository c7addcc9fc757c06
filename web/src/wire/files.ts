/** Documents in files: those of the user on the server, the templates, and any file that holds a graph. */

import type { Document } from "../graph/document";
import type { Answer } from "./answer";
import type { Call } from "./http";

/** A file of the user's workflows. `modified` is in seconds since 1970. */
export interface Kept {
  readonly path: string;
  readonly size: number;
  readonly modified: number;
}

export interface Template {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly nodes: number;
  readonly picture?: string | null;
}

export interface ReadProblem {
  readonly message?: string;
  readonly describe?: string;
  readonly hint?: string;
}

/** A document that was read from something, and what could not be read of it. */
export interface ReadDocument {
  readonly document: Document;
  readonly problems: readonly ReadProblem[];
}

const FOLDER = "workflows";
const PATIENT = 120; // seconds: the nodes must be known before a ComfyUI workflow can be read

/** The user's files; none where the folder was never made. */
export async function listFiles(call: Call): Promise<Answer<readonly Kept[]>> {
  const answer = await call<readonly Kept[]>("GET", "userdata", {
    query: { dir: FOLDER, recurse: "true", full_info: "true" },
  });
  return !answer.ok && answer.refusal.status === 404 ? { ok: true, value: [] } : answer;
}

/** The content of one of them. */
export function readFile(call: Call, path: string): Promise<Answer<unknown>> {
  return call("GET", place(path));
}

/** Keep a document in a file. Without `over` a file that is there already is not touched, and the answer says 409. */
export function writeFile(
  call: Call,
  path: string,
  document: Document,
  over: boolean,
): Promise<Answer<unknown>> {
  return call("POST", place(path), {
    raw: JSON.stringify(document, null, 2),
    query: { overwrite: String(over), full_info: "true" },
  });
}

/** Take a file away. */
export function deleteFile(call: Call, path: string): Promise<Answer<unknown>> {
  return call("DELETE", place(path));
}

/** Give a file another name; another file of that name is not touched. */
export function moveFile(call: Call, from: string, to: string): Promise<Answer<unknown>> {
  return call("POST", `${place(from)}/move/${encodeURIComponent(`${FOLDER}/${to}`)}`, {
    query: { overwrite: "false" },
  });
}

/** The document in whatever holds a graph: a file's bytes (JSON or a picture) or JSON that is read already. */
export function toDocument(call: Call, from: Blob | object): Promise<Answer<ReadDocument>> {
  const asked = from instanceof Blob ? { raw: from } : { body: from };
  return call("POST", "document", { ...asked, seconds: PATIENT });
}

/** The document for other programs. */
export function exported(
  call: Call,
  document: Document,
  to: "prompt" | "workflow",
): Promise<Answer<{ readonly graph: unknown; readonly problems: readonly ReadProblem[] }>> {
  return call("POST", "export", { body: { document, to }, seconds: PATIENT });
}

/** The examples that come with Weft. */
export function listTemplates(call: Call): Promise<Answer<readonly Template[]>> {
  return call("GET", "templates");
}

/** One of them, as a document. */
export function readTemplate(call: Call, name: string): Promise<Answer<Document>> {
  return call("GET", `templates/${encodeURIComponent(name)}`);
}

function place(path: string): string {
  return `userdata/${encodeURIComponent(`${FOLDER}/${path}`)}`;
}
