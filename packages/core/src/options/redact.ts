/** The longest string that an error message may quote. Access keys, tokens and good passwords are longer. */
const maxQuotedLength = 12;

/**
 * Describes a value for an error message. A secret pasted into the wrong option must not appear in a log: of longer strings
 * and of objects only the kind is shown.
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return value.length > maxQuotedLength ? describeKind(value) : `"${value}"`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function') return 'a function';
  return String(value);
}

/** Describes a value that may itself be a secret: its kind only. */
export function describeKind(value: unknown): string {
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  return typeof value === 'number' ? 'a number' : describeValue(value);
}

/**
 * Describes the path of a file for an error message. A key or a password that is set where its path is expected must not appear in
 * a log: of a text that does not look like a path only the kind is shown.
 */
export function describePath(path: string): string {
  return looksLikePath(path) ? path : `a path that looks like the content of a file (${describeKind(path)})`;
}

/** A path has a separator or an extension. Base64, JSON and PEM text are longer, or have other characters. */
export function looksLikePath(path: string): boolean {
  if (path.length > 500 || /["{}<>|\r\n]|-----BEGIN /u.test(path)) return false;
  return /[\\/]|\.[a-z][a-z0-9]{0,4}$/iu.test(path);
}
