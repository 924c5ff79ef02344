import { Properties } from 'properties-file/parser';

/** A key of a properties file and its value. */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** The value with its escapes: Go and Python do not replace them. */
  readonly raw: string;
  /** The first line of the property, counted from 1. */
  readonly line: number;
}

/** The properties in order, or the first line that is invalid (0 if it is unknown). */
export type PropertiesResult = { readonly properties: readonly Property[] } | { readonly invalidLine: number };

/** Parses a file like `java.util.Properties`, so that the same file serves Java, Go and Python. A key may occur repeatedly. */
export function parseProperties(text: string): PropertiesResult {
  try {
    const properties = new Properties(text).getProperties();
    return {
      properties: properties.map(({ key, value, escapedValue: raw, startingLineNumber: line }) => ({
        key,
        value,
        raw,
        line,
      })),
    };
  } catch {
    // The error of the parser quotes the line, which may contain a secret.
    const lines = text.split(/\r\n|\r|\n/u);
    const index = lines.findIndex((line, at) => invalidEscape.test(line) && !isComment(line, lines[at - 1]));
    return { invalidLine: index + 1 };
  }
}

/** A `#` or `!` begins a comment unless the line before it ends in a backslash. */
function isComment(line: string, before = ''): boolean {
  return /^\s*[#!]/u.test(line) && !/(?<!\\)(?:\\\\)*\\$/u.test(before);
}

/** The only error in Java: an unescaped `\u` without four hexadecimal digits. */
const invalidEscape = /(?<!\\)(?:\\\\)*\\u(?![0-9a-f]{4})/iu;
