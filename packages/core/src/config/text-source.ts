/** A source of settings that are strings by key: the environment, or a configuration file. */
export interface TextSource {
  /** The value without white space and quotes around it; `undefined` if the key is not set or empty. */
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

/**
 * The trimmed string without quotes around it, which `docker --env-file`, `set` on Windows and properties files keep.
 * `undefined` if nothing is left. A password may have quotes: only `trimmed` is used for it.
 */
export function unquoted(text: string | undefined): string | undefined {
  const value = trimmed(text);
  return value === undefined || !isQuoted(value) ? value : trimmed(value.slice(1, -1));
}

/** Whether a trimmed string is in quotes. Of `"a","b"` each part is, but not the whole. */
export function isQuoted(value: string): boolean {
  const quote = value.at(0);
  if ((quote !== '"' && quote !== "'") || value.length < 2 || value.at(-1) !== quote) return false;
  const inner = value.slice(1, -1).trim();
  return /^[[{]/u.test(inner) || !inner.replaceAll(`\\${quote}`, '').includes(quote);
}

/** A key and its location for a message: `ttl (file.properties:3)`. A variable is its own location. */
export function keyAt(key: string, location: string): string {
  return key === location ? `${key} (environment variable)` : `${key} (${location})`;
}

/** Whether a location is a line of a configuration file, and not an option or a variable. */
export function isInFile(location: string): boolean {
  return /:\d+(?: and |$)/u.test(location);
}
