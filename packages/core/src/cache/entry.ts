import { plainName } from '../secret-name.ts';
import type { Secret } from '../secret.ts';
import type { SecretRequest } from '../transport.ts';

/** The age of an entry: `fresh` < TTL <= `stale` < TTL + staleIfError <= `spent`. */
export type Freshness = 'fresh' | 'stale' | 'spent';

/**
 * One secret in memory.
 *
 * Times are the clock's `now`. `settled` is a promise made once, so that a read of a fresh value allocates none.
 */
export interface Entry {
  readonly request: SecretRequest;
  readonly secret: Secret;
  readonly settled: Promise<Secret>;
  /** When the fetch that brought it was begun: what KMS changed after that is not in it. */
  readonly fetchedAt: number;
  readonly ttl: number;
  readonly freshUntil: number;
}

export function createEntry(parts: {
  readonly request: SecretRequest;
  readonly secret: Secret;
  readonly fetchedAt: number;
  readonly ttl: number;
}): Entry {
  const { request, secret, fetchedAt, ttl } = parts;
  return { request, secret, settled: Promise.resolve(secret), fetchedAt, ttl, freshUntil: fetchedAt + ttl };
}

export function freshnessOf(entry: Entry, now: number, staleIfError: number): Freshness {
  if (now < entry.freshUntil) return 'fresh';
  return now < entry.freshUntil + staleIfError ? 'stale' : 'spent';
}

/**
 * Under what an entry is kept: the name alone for the client's own stage, so that the usual read builds no key.
 * No name holds a control character (`checkSecretName`), so no two requests share a key.
 */
export function cacheKey(request: SecretRequest, usualStage: string): string {
  const { name, stage, versionId } = request;
  if (versionId === undefined && stage === usualStage) return name;
  return `${name}\u0000${stage ?? ''}\u0000${versionId ?? ''}`;
}

/** The name, or ARN, that `key` was made of. */
export function nameOfKey(key: string): string {
  const end = key.indexOf('\u0000');
  return end === -1 ? key : key.slice(0, end);
}

/** Whether what is kept under `key` is of the secret `name`, in whatever stage or version, by its name or by an ARN. */
export function isKeyOf(key: string, name: string): boolean {
  return plainName(nameOfKey(key)) === plainName(name);
}
