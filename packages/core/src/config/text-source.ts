/** A source of settings that are strings by key: the environment, or a configuration file. */
export interface TextSource {
  /** The trimmed value; `undefined` if the key is not set or empty. */
  get(key: string): string | undefined;
  /** Same as `get`, but before the escapes of a properties file are replaced. */
  raw(key: string): string | undefined;
  /** Where a key is set, or would be set: the name of the variable, or `file.properties:3`. */
  location(key: string): string;
  /** The directories from which its relative paths are resolved, in order. */
  readonly directories: readonly string[];
}

/** The trimmed string; `undefined` if nothing is left. */
export function trimmed(text: string | undefined): string | undefined {
  const value = text?.trim();
  return value === '' ? undefined : value;
}

/** A key and its location for a message: `ttl (file.properties:3)`. A variable is its own location. */
export function keyAt(key: string, location: string): string {
  return key === location ? `${key} (environment variable)` : `${key} (${location})`;
}
