import { findJsonError } from './json-error.ts';

/** The value of a JSON setting, or the position of the error as a clause that quotes nothing of the text. */
export type JsonSetting = { readonly json: unknown } | { readonly error: string };

/**
 * Parses a setting that holds JSON.
 *
 * `raw` is the text in a properties file before Java replaces its escapes, which Go and Python do not. Of `"C:\\keys\\a.json"`
 * only the raw text is JSON that contains the path. Both forms are also accepted with a backslash before each quote, which
 * `export X="[{\"regionId\":…}]"` produces in some shells.
 *
 * `names` are the properties that an error may name.
 */
export function parseJsonSetting(text: string, raw: string, names: ReadonlySet<string>): JsonSetting {
  const readings = [text, unescapeQuotes(text), raw, unescapeQuotes(raw)].flatMap(
    (candidate) => parse(candidate) ?? [],
  );
  const best = readings.find(({ hasInvalidPath }) => !hasInvalidPath) ?? readings[0];
  return best === undefined ? { error: describeError(text, names) } : { json: best.json };
}

interface JsonReading {
  readonly json: unknown;
  /** Whether a path contains a control character: `"C:\temp"` contains a tab. */
  readonly hasInvalidPath: boolean;
}

function unescapeQuotes(text: string): string {
  return text.replaceAll(String.raw`\"`, '"');
}

function parse(text: string): JsonReading | undefined {
  let hasInvalidPath = false;
  try {
    const json: unknown = JSON.parse(text, (key, value: unknown) => {
      if (/(?:File|Path)$/u.test(key) && typeof value === 'string' && /\p{Cc}/u.test(value)) hasInvalidPath = true;
      return value;
    });
    return { json, hasInvalidPath };
  } catch {
    // The error quotes the text; `describeError` finds the position.
    return undefined;
  }
}

function describeError(text: string, names: ReadonlySet<string>): string {
  const { index, before, rest } = locateError(text);
  const name = /"(\w+)"\s*:\s*"?[^"]*$/u.exec(before)?.[1];
  const context = name !== undefined && names.has(name) ? `, after "${name}":` : '';
  return `invalid JSON at character ${index + 1}${context}${hintFor(before, rest)}`;
}

function hintFor(before: string, rest: string): string {
  if (rest.startsWith('\\') || /"[a-z]:\\(?!\\)/iu.test(before)) {
    return '; write each backslash of a path twice, or write / instead';
  }
  if (/^[\r\n\t]/u.test(rest)) return String.raw`; write a line break inside quotes as \n`;
  if (rest.startsWith('#')) return '; a comment needs a line of its own';
  if (rest.startsWith("'")) return '; JSON needs double quotes';
  return /^[a-z_/~]/iu.test(rest) ? '; did you forget a quote?' : '';
}

interface JsonErrorLocation {
  /** The index in the text. */
  readonly index: number;
  /** The text before and after the index. If all quotes are escaped, without these backslashes. */
  readonly before: string;
  readonly rest: string;
}

function locateError(text: string): JsonErrorLocation {
  const index = findJsonError(text) ?? 0;
  if (!text.slice(index).startsWith(String.raw`\"`)) {
    return { index, before: text.slice(0, index), rest: text.slice(index) };
  }
  // All quotes are escaped: find the error without the backslashes, and count them again.
  const unescaped = unescapeQuotes(text);
  const at = findJsonError(unescaped) ?? 0;
  const before = unescaped.slice(0, at);
  return { index: at + before.split('"').length - 1, before, rest: unescaped.slice(at) };
}
