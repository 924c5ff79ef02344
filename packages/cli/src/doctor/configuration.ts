import type { ClientInspection, ConfigurationIssue } from '@kms-secrets/core/internal';
import type { Check } from './check.ts';
import { day, dayOf, failed, ok, warning } from './check.ts';

/** A client key that ends within this time is reported early enough to create a new one. */
const clientKeyNotice = 30 * day;
const caNotice = 7 * day;

/** Set by this command itself. */
const ownOptions: ReadonlySet<string> = new Set(['clock', 'logger']);

/** Where each setting comes from, and every error and warning of the configuration. */
export function checkConfiguration(inspection: ClientInspection): readonly Check[] {
  const { sources, issues, warnings } = inspection;
  return [
    ...[...sources]
      .filter(([option]) => !ownOptions.has(option))
      .map(([option, source]) => ok('setting', option, describeSource(option, source))),
    ...issues.map((issue) => failed('configuration', issue.key, describeIssue(issue))),
    // The expiry of a client key is a check of its own.
    ...warnings
      .filter((text) => !text.startsWith('The client key of '))
      .map((text) => warning('configuration', '', text)),
  ];
}

/** The expiries of client keys and certificate authorities. */
export function checkExpiries({ expiring, options }: ClientInspection): readonly Check[] {
  const now = options.clock.date();
  return expiring.map(({ kind, name: fullName, expiresAt }) => {
    const name = fullName.replace(/^(?:client key|CA certificate) of /u, '');
    const check = kind === 'ca' ? 'ca' : 'client key';
    const remaining = expiresAt - now;
    const remedy = kind === 'ca' ? 'Download the new one in the KMS console.' : 'Create a new one in the KMS console.';
    const date = dayOf(expiresAt);
    if (remaining <= 0) return failed(check, name, `expired on ${date}. ${remedy}`);
    if (remaining < (kind === 'ca' ? caNotice : clientKeyNotice))
      return warning(check, name, `expires on ${date}. ${remedy}`);
    return ok(check, name, `valid to ${date}`);
  });
}

function describeSource(option: string, source: string): string {
  if (source === 'option') return 'set on the command line';
  return source.includes(':') ? source : `variable ${source === option ? option : source}`;
}

// A program may set its endpoints in code, where no command can find them.
const notInCode =
  '. This command does not see the options in the code of a program: set them as variables or in the file';

function describeIssue({ source, key, expected, got, example }: ConfigurationIssue): string {
  const place = source === key ? 'environment variable' : source;
  const found = got === undefined ? '' : `, got ${got}`;
  const shown = example === undefined ? '' : `. Example: ${example}`;
  const hint = key === 'endpoints' ? notInCode : '';
  return `(${place}) expected ${expected}${found}${shown}${hint}`;
}
