import {
  ConfigurationError,
  createKeyring,
  isSecretError,
  milliseconds,
  refuseUnknownOptions,
  systemClock,
} from '@kms-secrets/core';
import type { Clock, ConfigurationIssue, Duration, Keyring, KeyringOptions } from '@kms-secrets/core';
import { createClient } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';

export interface RedisStoreOptions extends KeyringOptions {
  /** A client of ioredis or iovalkey, which you close. Set either this or `url`. */
  readonly client?: RedisClient | undefined;
  /** The store creates its own client: `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url?: string | undefined;
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
  { client, url }: RedisStoreOptions,
  issues: ConfigurationIssue[],
): Pick<RedisStoreParts, 'client' | 'address'> | undefined {
  if ((client === undefined) === (url === undefined)) {
    issues.push(issue('client', 'either client or url', `redisStore({ client: new Redis(…), key })`));
    return undefined;
  }
  if (client !== undefined) {
    if (isClient(client)) return { client, address: undefined };
    issues.push(issue('client', 'a client of ioredis or iovalkey (Redis, Valkey or Cluster)'));
    return undefined;
  }
  const parsed = URL.canParse(String(url)) ? new URL(String(url)) : undefined;
  if (parsed !== undefined && /^(?:redis|rediss|valkey|valkeys):$/u.test(parsed.protocol) && parsed.hostname !== '') {
    return { client: () => createClient(parsed.href), address: parsed.host };
  }
  // No `got`: a URL contains the password.
  issues.push(issue('url', 'a URL that begins with redis:// or rediss://', `'rediss://user:password@host:6379'`));
  return undefined;
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
