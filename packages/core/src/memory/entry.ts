import { plainName } from '../secret/secret-name.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../ports/transport.ts';

/** The age of an entry: `fresh` < TTL <= `stale` < TTL + staleIfError <= `expired`. */
export type Freshness = 'fresh' | 'stale' | 'expired';

/** One secret in memory. Times are the clock's `now`. */
export class Entry {
  /** Under what it is kept: see `cacheKey`. The request is made of it when it is needed, which is seldom. */
  readonly key: string;
  readonly secret: Secret;
  /** When the fetch that brought it was begun: what KMS changed after that is not in it. */
  readonly fetchedAt: number;
  readonly freshUntil: number;
  /** When it was last read: the one thing that every read of a fresh value writes. */
  readAt: number;
  /** Made by the first read that wants a promise, for all that come after it: a read of a fresh value allocates nothing. */
  settled: Promise<Secret> | undefined = undefined;
  /** When it comes due, and where it stands in the heap of those that do (`refresh/due-heap.ts`). */
  dueAt = 0;
  place = -1;

  constructor(parts: {
    readonly key: string;
    readonly secret: Secret;
    readonly fetchedAt: number;
    readonly ttl: number;
    readonly readAt: number;
  }) {
    this.key = parts.key;
    this.secret = parts.secret;
    this.fetchedAt = parts.fetchedAt;
    this.freshUntil = parts.fetchedAt + parts.ttl;
    this.readAt = parts.readAt;
  }

  get ttl(): number {
    return this.freshUntil - this.fetchedAt;
  }
}

export function freshnessOf(entry: Entry, now: number, staleIfError: number): Freshness {
  if (now < entry.freshUntil) return 'fresh';
  return now < entry.freshUntil + staleIfError ? 'stale' : 'expired';
}

/** The age of a secret that went through a store, by the calendar, is so many milliseconds off. */
const rounding = 1;

/** Whether what a store has is newer than `held`: what we told the store ourselves, and comes back, is not. */
export function isFetchedAfter(
  held: Entry,
  { secret, fetchedAt }: { readonly secret: Secret; readonly fetchedAt: number | undefined },
): boolean {
  const isSame = secret.versionId === held.secret.versionId;
  return fetchedAt !== undefined && fetchedAt > held.fetchedAt + (isSame ? rounding : 0);
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

/** The request that `key` was made of. */
export function requestOfKey(key: string, usualStage: string): SecretRequest {
  const [name = key, stage, versionId] = key.split('\u0000');
  if (stage === undefined) return { name, versionId: undefined, stage: usualStage };
  return { name, versionId: versionId === '' ? undefined : versionId, stage: stage === '' ? undefined : stage };
}

/** Which secret an entry is, as events tell it: what was asked for, and the version that it turned out to be. */
export interface AboutEntry {
  readonly name: string;
  readonly stage: string | undefined;
  readonly versionId: string;
}

export function aboutOf({ key, secret }: Entry, usualStage: string): AboutEntry {
  const { name, stage } = requestOfKey(key, usualStage);
  return { name, stage, versionId: secret.versionId };
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
