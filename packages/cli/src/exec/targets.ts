import { usageError } from '../cli-error.ts';
import { shown } from '../arguments/parse.ts';

/** A secret, or one property of a JSON secret. */
export interface SecretSource {
  readonly name: string;
  readonly key: string | undefined;
}

/** Where the program receives a value. */
export type Target = SecretSource &
  ({ readonly kind: 'env'; readonly variable: string } | { readonly kind: 'fd'; readonly fd: number });

const maxFd = 63;

/** Parses the options `--env` and `--fd`. Throws a `CliError`. */
export function parseTargets(env: readonly string[], fd: readonly string[]): readonly Target[] {
  const targets = [...env.map(parseEnv), ...fd.map(parseFd)];
  if (targets.length === 0) {
    throw usageError('"exec" needs a secret: --env VARIABLE=SECRET or --fd N=SECRET.', 'exec');
  }
  const seen = new Set<string>();
  for (const target of targets) {
    const place = placeOf(target);
    if (seen.has(place)) throw usageError(`The ${place} is set twice.`, 'exec');
    seen.add(place);
  }
  return targets;
}

/** `variable DB_PASSWORD` or `file descriptor 3`. */
export function placeOf(target: Target): string {
  return target.kind === 'env' ? `variable ${target.variable}` : `file descriptor ${target.fd}`;
}

function parseEnv(text: string): Target {
  const { left, right } = split('--env', text, 'VARIABLE=SECRET');
  if (!/^[A-Za-z_]\w*$/u.test(left)) {
    throw usageError(
      `--env "${shown(left)}=…": a variable has letters, digits and _, and begins with no digit.`,
      'exec',
    );
  }
  return { kind: 'env', variable: left, ...parseSource(right) };
}

function parseFd(text: string): Target {
  const { left, right } = split('--fd', text, 'N=SECRET');
  const fd = Number(left);
  if (!/^\d{1,2}$/u.test(left) || fd < 3 || fd > maxFd) {
    throw usageError(
      `--fd "${shown(left)}=…": expected a number from 3 to ${maxFd}; 0, 1 and 2 are the standard streams.`,
      'exec',
    );
  }
  return { kind: 'fd', fd, ...parseSource(right) };
}

function split(option: string, text: string, expected: string): { readonly left: string; readonly right: string } {
  const at = text.indexOf('=');
  if (at === -1 || at === text.length - 1) {
    throw usageError(`${option} "${shown(text)}": expected ${expected} or ${expected}:KEY.`, 'exec');
  }
  return { left: text.slice(0, at), right: text.slice(at + 1) };
}

/** `prod/db:AccountPassword`. An ARN has colons of its own. */
export function parseSource(text: string): SecretSource {
  const [arn = ''] = /^acs:kms:[^:]*:[^:]*:secret\/[^:]*/u.exec(text) ?? [];
  const at = text.indexOf(':', arn.length);
  if (at === -1) return { name: text, key: undefined };
  const source = { name: text.slice(0, at), key: text.slice(at + 1) };
  if (source.name === '' || source.key === '') {
    throw usageError(`"${shown(text)}": expected SECRET or SECRET:KEY.`, 'exec');
  }
  return source;
}
