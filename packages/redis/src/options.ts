import {
  ConfigurationError,
  createKeyring,
  isSecretError,
  milliseconds,
  refuseUnknownOptions,
  systemClock,
} from '@kms-secrets/core';
import type { Clock, ConfigurationIssue, Duration, Keyring, KeyringOptions } from '@kms-secrets/core';
import { readCa } from './certificates.ts';
import { createClient } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';

export interface RedisStoreOptions extends KeyringOptions {
  /** A client of ioredis or iovalkey, which you close. Set either this or `url`. */
  readonly client?: RedisClient | undefined;
  /** The store creates its own client: `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string | undefined;
  /**
   * The PEM text of the certificate authorities that signed the certificate of Redis. Only with a `rediss://` URL; a `client` has its
   * own option `tls.ca`. Default: those of Node.
   */
  readonly ca?: string | undefined;
  /** The path of a PEM file, instead of `ca`. It is read when the store is created. */
  readonly caFilePath?: string | undefined;
  /** Prefix of all keys and of the channel. It is also the salt of a passphrase: use one per application. Default `kms-secrets`. */
  readonly prefix?: string | undefined;
  /** How long Redis keeps a secret after its last write. Default 7 days. */
  readonly keepFor?: Duration | undefined;
  /** How long a command may take before Redis counts as unavailable. Default 1 second. */
  readonly timeout?: Duration | undefined;
  /** Source of time, for tests. Default: the system clock. */
  readonly clock?: Clock | undefined;
}

/** Every option, so that a misspelt one is rejected. */
const optionNames: Readonly<Record<keyof RedisStoreOptions, true>> = {
  client: true,
  url: true,
  ca: true,
  caFilePath: true,
  prefix: true,
  keepFor: true,
  timeout: true,
  clock: true,
  key: true,
  keys: true,
  passphrase: true,
};

/** Validated options. */
export interface RedisStoreParts {
  readonly client: RedisClient | (() => Promise<RedisClient>);
  /** For the name of the store; contains no password. */
  readonly address: string | undefined;
  readonly keyring: Keyring;
  readonly prefix: string;
  readonly keepFor: number;
  readonly timeout: number;
  readonly clock: Clock;
}

/** Throws `ConfigurationError` with all errors. */
export function parseOptions(options: RedisStoreOptions): RedisStoreParts {
  refuseUnknownOptions(options, 'redisStore()', Object.keys(optionNames));
  const { prefix = 'kms-secrets', clock = systemClock } = options;
  const issues: ConfigurationIssue[] = [];
  const client = parseClient(options, issues);
  if (typeof prefix !== 'string' || !/^[\x21-\x7e]{1,100}$/u.test(prefix)) {
    issues.push(issue('prefix', '1 to 100 visible ASCII characters', `'my-app/production'`));
  }
  const keepFor = parseDuration(
    options.keepFor ?? '7d',
    { key: 'keepFor', min: 60_000, max: 365 * 86_400_000 },
    issues,
  );
  const timeout = parseDuration(options.timeout ?? '1s', { key: 'timeout', min: 10, max: 60_000 }, issues);
  const keyring = parseKeys(options, issues);
  if (issues.length > 0 || client === undefined || keyring === undefined) throw new ConfigurationError(issues);
  return { ...client, keepFor, timeout, keyring, prefix, clock };
}

function parseClient(
  options: RedisStoreOptions,
  issues: ConfigurationIssue[],
): Pick<RedisStoreParts, 'client' | 'address'> | undefined {
  const { client, url } = options;
  if ((client === undefined) === (url === undefined)) {
    issues.push(issue('client', 'either client or url', `redisStore({ client: new Redis(…), key })`));
    return undefined;
  }
  if (client !== undefined) {
    parseCa(options, { isTls: false }, issues);
    if (isClient(client)) return { client, address: undefined };
    issues.push(issue('client', 'a client of ioredis or iovalkey (Redis, Valkey or Cluster)'));
    return undefined;
  }
  const parsed = URL.canParse(String(url)) ? new URL(String(url)) : undefined;
  if (parsed !== undefined && /^(?:redis|rediss|valkey|valkeys):$/u.test(parsed.protocol) && parsed.hostname !== '') {
    const ca = parseCa(options, { isTls: /^(?:rediss|valkeys):$/u.test(parsed.protocol) }, issues);
    return { client: () => createClient(parsed.href, ca), address: parsed.host };
  }
  // No `got`: a URL contains the password.
  issues.push(issue('url', 'a URL that begins with redis:// or rediss://', `'rediss://user:password@host:6379'`));
  return undefined;
}

/** PEM text. `undefined` if none is set, or if there is an issue. */
function parseCa(
  options: RedisStoreOptions,
  { isTls }: { readonly isTls: boolean },
  issues: ConfigurationIssue[],
): string | undefined {
  const { ca, caFilePath } = options;
  const key = ca === undefined ? 'caFilePath' : 'ca';
  if (ca === undefined && caFilePath === undefined) return undefined;
  const reject = (expected: string, got?: string): undefined => {
    issues.push({ ...issue(key, expected), got });
  };
  if (!isTls) return reject('a url that begins with rediss://; a client has its own option tls.ca');
  if (ca !== undefined && caFilePath !== undefined) return reject('only one of caFilePath, ca');
  if (typeof (ca ?? caFilePath) !== 'string') return reject('a text');
  if (ca !== undefined && !ca.includes('-----BEGIN ')) return reject('the text of a PEM file, not its path');
  const read = readCa(options);
  return 'pem' in read ? read.pem : reject('a PEM file with at least one CA certificate', read.got);
}

function isClient(client: unknown): boolean {
  if (typeof client !== 'object' || client === null) return false;
  return ['callBuffer', 'duplicate', 'connect', 'disconnect', 'subscribe', 'on', 'off'].every(
    (name) => typeof (client as Record<string, unknown>)[name] === 'function', // `unknown`, so any name may be read
  );
}

function parseDuration(
  value: Duration,
  { key, min, max }: { readonly key: string; readonly min: number; readonly max: number },
  issues: ConfigurationIssue[],
): number {
  const duration = typeof value === 'number' || typeof value === 'string' ? milliseconds(value) : Number.NaN;
  if (duration >= min && duration <= max) return Math.trunc(duration);
  issues.push(issue(key, `a duration from ${min} to ${max} ms, in milliseconds or with a unit`, `'15m'`));
  return min;
}

function parseKeys(options: KeyringOptions, issues: ConfigurationIssue[]): Keyring | undefined {
  try {
    return createKeyring(options);
  } catch (error) {
    if (!isSecretError(error, 'ERR_CONFIGURATION')) throw error;
    issues.push(...error.issues);
    return undefined;
  }
}

function issue(key: string, expected: string, example?: string): ConfigurationIssue {
  return { key, source: 'option', expected, example };
}
