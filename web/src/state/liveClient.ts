/** The name by which the server knows this page: kept while it is open, so that a reload finds its runs again. */

const KEPT = "weft.client";

let id: string | null = null;

/** This page's id. */
export function clientId(): string {
  id ??= kept() ?? made();
  return id;
}

/** An id that nobody else has. Works on pages without a secure context too, where `randomUUID` is missing. */
export function freshId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function kept(): string | null {
  try {
    return sessionStorage.getItem(KEPT);
  } catch {
    return null; // storage may be forbidden; then a reload is a new page
  }
}

function made(): string {
  const fresh = freshId();
  try {
    sessionStorage.setItem(KEPT, fresh);
  } catch {
    // as above
  }
  return fresh;
}
