import { clientKeyPasswordKey } from './known-keys.ts';
import { isQuoted, keyAt, trimmed, unquoted } from './text-source.ts';

/** The value of a key of an official client or of an option, as a `TextSource` returns it. */
export function settingText(key: string, text: string | undefined): string | undefined {
  return key === clientKeyPasswordKey ? trimmed(text) : unquoted(text);
}

/** Warnings about quotes around a value, which are ignored, and about a comment behind it, which is part of the value. */
export function valueWarnings(key: string, text: string | undefined, location: string): string[] {
  const value = text?.trim() ?? '';
  if (key === clientKeyPasswordKey) return [];
  const warnings: string[] = [];
  if (isQuoted(value)) {
    warnings.push(
      `${keyAt(key, location)} has quotes around its value, which are ignored. docker --env-file and properties files keep quotes: remove them.`,
    );
  }
  if (/\s#/u.test(value)) {
    warnings.push(
      `${keyAt(key, location)} contains a "#" that begins no comment: it is part of the value. Write the comment on a line of its own.`,
    );
  }
  return warnings;
}
