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
  const index = errorIndex(text);
  const name = /"(\w+)\\?"\s*:\s*$/u.exec(unescapeQuotes(text.slice(0, index)))?.[1];
  const context = name !== undefined && names.has(name) ? `, after "${name}":` : '';
  const hint = /^[a-z_/~]/iu.test(text.slice(index)) ? '; did you forget a quote?' : '';
  return `invalid JSON at character ${index + 1}${context}${hint}`;
}

function errorIndex(text: string): number {
  const index = findJsonError(text) ?? 0;
  if (text[index] !== '\\') return index;
  // All quotes are escaped: find the error without the backslashes, and count them again.
  const unescaped = unescapeQuotes(text);
  const unescapedIndex = findJsonError(unescaped) ?? 0;
  return unescapedIndex + unescaped.slice(0, unescapedIndex).split('"').length - 1;
}
