/** Bringing a file to the server's input folder. */

export type Uploaded =
  { readonly ok: true; readonly name: string } | { readonly ok: false; readonly message: string };

/** Bring a picture. One of the same name and content is not kept twice; one of the same name alone gets a new name. */
export async function upload(file: File, send: typeof fetch = fetch): Promise<Uploaded> {
  const form = new FormData();
  form.append("image", file);
  try {
    const answer = await send("api/upload/image", { method: "POST", body: form });
    const told = (await answer.json()) as {
      name?: string;
      subfolder?: string;
      error?: { message?: string };
    };
    if (answer.ok && told.name) {
      return { ok: true, name: told.subfolder ? `${told.subfolder}/${told.name}` : told.name };
    }
    return { ok: false, message: told.error?.message ?? `the server answered ${String(answer.status)}.` };
  } catch {
    return { ok: false, message: "the server does not answer." };
  }
}
