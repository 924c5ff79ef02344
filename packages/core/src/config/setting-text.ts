import { clientKeyPasswordKey } from './known-keys.ts';
import { isQuoted, keyAt, trimmed, unquoted } from './text-source.ts';

/** The value of a key of an official client or of an option, as a `TextSource` returns it. */
export function settingText(key: string, text: string | undefined): string | undefined {
  return key === clientKeyPasswordKey ? trimmed(text) : unquoted(text);
}

/** A warning if the value of `key` is in quotes, which are ignored. */
export function quoteWarnings(key: string, text: string | undefined, location: string): string[] {
  if (key === clientKeyPasswordKey || !isQuoted(text?.trim() ?? '')) return [];
  return [
    `${keyAt(key, location)} has quotes around its value, which are ignored. docker --env-file and properties files keep quotes: remove them.`,
  ];
}
