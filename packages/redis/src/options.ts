import { ConfigurationError, createKeyring, isSecretError, milliseconds, systemClock } from '@kms-secrets/core';
import type { Clock, ConfigurationIssue, Duration, Keyring, KeyringOptions } from '@kms-secrets/core';
import { connectTo } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';

export interface RedisStoreOptions extends KeyringOptions {
  /** A client of ioredis or iovalkey that you have already; it stays yours to close. Either this or `url`. */
  readonly client?: RedisClient | undefined;
  /** `redis://user:password@host:6379/0`, or `rediss://` for TLS: a client of the store's own. */
  readonly url?: string | undefined;
  /** What every key and the channel begin with; with a passphrase it is the salt, so choose one of your own. Default `kms-secrets`. */
  readonly prefix?: string | undefined;
  /** How long Redis keeps a secret that nobody writes again. Default 7 days. */
  readonly keepFor?: Duration | undefined;
  /** How long an answer of Redis may take before it counts as away. Default 1 second. */
  readonly timeout?: Duration | undefined;
  readonly clock?: Clock | undefined;
}

/** Options that were checked. */
export interface RedisStoreParts {
  readonly client: RedisClient | (() => Promise<RedisClient>);
  /** Where it is, without a password. */
  readonly where: string;
  readonly keyring: Keyring;
  readonly prefix: string;
  readonly keepFor: number;
  readonly timeout: number;
  readonly clock: Clock;
}

/** Throws `ConfigurationError`, with every mistake at once. */
export function checkedOptions(options: RedisStoreOptions): RedisStoreParts {
  const { prefix = 'kms-secrets', clock = systemClock } = options;
  const issues: ConfigurationIssue[] = [];
  const connection = connectionOf(options, issues);
  if (typeof prefix !== 'string' || !/^[\x21-\x7e]{1,100}$/u.test(prefix)) {
    issues.push(issue('prefix', 'a text of 1 to 100 visible ASCII characters', `'my-app/production'`));
  }
  const lengths = {
    keepFor: lengthOf(options.keepFor ?? '7d', { key: 'keepFor', min: 60_000, max: 365 * 86_400_000 }, issues),
    timeout: lengthOf(options.timeout ?? '1s', { key: 'timeout', min: 10, max: 60_000 }, issues),
  };
  const keyring = keyringOf(options, issues);
  if (issues.length > 0 || connection === undefined || keyring === undefined) throw new ConfigurationError(issues);
  return { ...connection, ...lengths, keyring, prefix, clock };
}

function connectionOf(
  { client, url }: RedisStoreOptions,
  issues: ConfigurationIssue[],
): Pick<RedisStoreParts, 'client' | 'where'> | undefined {
  if ((client === undefined) === (url === undefined)) {
    issues.push(issue('client', 'either a client or a url', `redisStore({ client: new Redis(…), key })`));
    return undefined;
  }
  if (client !== undefined) {
    if (isClient(client)) return { client, where: 'redis' };
    issues.push(issue('client', 'a client of ioredis or iovalkey, of their class Redis, Valkey or Cluster'));
    return undefined;
  }
  const address = URL.canParse(String(url)) ? new URL(String(url)) : undefined;
  if (
    address !== undefined &&
    /^(?:redis|rediss|valkey|valkeys):$/u.test(address.protocol) &&
    address.hostname !== ''
  ) {
    return { client: () => connectTo(address.href), where: `redis ${address.host}` };
  }
  // Not what stands there: a URL holds the password.
  issues.push(issue('url', 'a URL that begins with redis:// or rediss://', `'rediss://user:password@host:6379'`));
  return undefined;
}

function isClient(client: unknown): boolean {
  if (typeof client !== 'object' || client === null) return false;
  return ['callBuffer', 'duplicate', 'connect', 'disconnect', 'subscribe', 'on', 'off'].every(
    (name) => typeof (client as Record<string, unknown>)[name] === 'function', // looked at by name, whatever it is
  );
}

function lengthOf(
  given: Duration,
  { key, min, max }: { readonly key: string; readonly min: number; readonly max: number },
  issues: ConfigurationIssue[],
): number {
  const length = typeof given === 'number' || typeof given === 'string' ? milliseconds(given) : Number.NaN;
  if (length >= min && length <= max) return Math.trunc(length);
  issues.push(issue(key, `a duration from ${min} to ${max} ms, as milliseconds or with a unit`, `'15m'`));
  return min;
}

function keyringOf(options: KeyringOptions, issues: ConfigurationIssue[]): Keyring | undefined {
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
