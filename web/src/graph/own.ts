/** What a record has under a name that somebody chose. "constructor" or "toString" is no more of its own than any other name. */
export function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
