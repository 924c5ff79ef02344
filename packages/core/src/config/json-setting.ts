import { jsonMistake } from './json-error.ts';

/** JSON in a setting, or where it breaks, in words that show nothing of it. */
export type JsonSetting = { readonly json: unknown } | { readonly broken: string };

/**
 * A setting that holds JSON.
 *
 * `written` is how it stands in a properties file, where Java takes the backslashes away and Go and Python do not: with
 * `"C:\\keys\\a.json"` only theirs is JSON, or names a path. Both also with the backslash before each quote that
 * `export X="[{\"regionId\":…}]"` leaves in shells that quote otherwise.
 */
export function parseJsonSetting(text: string, written: string, names: ReadonlySet<string>): JsonSetting {
  const candidates = [text, bare(text), written, bare(written)].map(parse).filter((parsed) => parsed !== undefined);
  const best = candidates.find(({ hasBrokenPath }) => !hasBrokenPath) ?? candidates[0];
  return best === undefined ? { broken: breakIn(text, names) } : { json: best.json };
}

interface Parsed {
  readonly json: unknown;
  readonly hasBrokenPath: boolean;
}

function bare(text: string): string {
  return text.replaceAll(String.raw`\"`, '"');
}

function parse(text: string): Parsed | undefined {
  let hasBrokenPath = false;
  try {
    const json: unknown = JSON.parse(text, (key, value: unknown) => {
      // No path has a tab in it: `"C:\temp"` has.
      if (/(?:File|Path)$/u.test(key) && typeof value === 'string' && /\p{Cc}/u.test(value)) hasBrokenPath = true;
      return value;
    });
    return { json, hasBrokenPath };
  } catch {
    // The engine's message quotes the text; where it breaks is found below.
    return undefined;
  }
}

function breakIn(text: string, names: ReadonlySet<string>): string {
  const at = mistakeIn(text);
  const name = /"(\w+)\\?"\s*:\s*$/u.exec(bare(text.slice(0, at)))?.[1];
  const after = name !== undefined && names.has(name) ? `, after "${name}":` : '';
  const hint = /^[a-z_/~]/iu.test(text.slice(at)) ? ' A text begins and ends with a quote.' : '';
  return `it breaks at character ${at + 1}${after}${hint === '' ? '' : `.${hint}`}`;
}

function mistakeIn(text: string): number {
  const mistake = jsonMistake(text) ?? 0;
  if (text[mistake] !== '\\') return mistake;
  // Quotes that are escaped throughout are no mistake: the place without their backslashes is the one, told as it was written.
  const bareMistake = jsonMistake(bare(text)) ?? 0;
  return bareMistake + bare(text).slice(0, bareMistake).split('"').length - 1;
}
