import type * as Parser from 'properties-file/parser';

/** A line of a properties file that says something. */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** The value before its escapes are read: Go and Python leave them as they are. */
  readonly written: string;
  /** Counted from 1; the first one of a value that goes over several lines. */
  readonly line: number;
}

/** What a properties file says, or the line that cannot be read. */
export type PropertiesParsed = { readonly properties: readonly Property[] } | { readonly brokenLine: number };

/**
 * A text as `java.util.Properties` reads it: the same file serves Java, Go and Python. Keys may stand more than once.
 *
 * The parser is loaded when there is a file to read, and by `require`, because settings are read without waiting: an
 * `import` at the top would cost every start 4 to 9 ms, as much as `node:https` itself (measured on Node 20.20).
 */
export function parseProperties(text: string): PropertiesParsed {
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  const { Properties } = require('properties-file/parser') as typeof Parser; // its own declaration
  try {
    const properties = new Properties(text).getProperties();
    return {
      properties: properties.map(({ key, value, escapedValue: written, startingLineNumber: line }) => ({
        key,
        value,
        written,
        line,
      })),
    };
  } catch {
    // The parser's error quotes the line, which may hold a secret: the line is looked for here instead.
    return { brokenLine: text.split(/\r\n|\r|\n/u).findIndex((line) => brokenEscape.test(line)) + 1 };
  }
}

/** The one thing that Java refuses: `\u` without four hexadecimal digits behind it. A backslash before it makes it no escape. */
const brokenEscape = /(?<!\\)(?:\\\\)*\\u(?![0-9a-f]{4})/iu;
