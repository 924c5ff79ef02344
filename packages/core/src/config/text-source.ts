/** Settings that are texts by key: the environment, or a file. */
export interface TextSource {
  /** The value, without blanks around it; `undefined` if it is not set or empty. */
  get(key: string): string | undefined;
  /** As `get`, but with the escapes of a properties file as they are written there. */
  written(key: string): string | undefined;
  /** Where a key stands, or would have to stand: `variable X`, `file.properties:3`. */
  place(key: string): string;
  /** The directories that a relative path in it is looked for in, one after the other. */
  readonly directories: readonly string[];
}

export function trimmed(text: string | undefined): string | undefined {
  const value = text?.trim();
  return value === '' ? undefined : value;
}
