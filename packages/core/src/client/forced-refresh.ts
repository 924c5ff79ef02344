import type { Secret } from '../secret/secret.ts';
import type { ClientParts } from './client-parts.ts';
import type { PendingRead } from './reader.ts';

/** A call of `refresh`. */
export interface ForcedRefresh extends PendingRead {
  /** The version that the caller has, and that a service has rejected; `undefined` for a refresh without a condition. */
  readonly unlessNewerThan: string | undefined;
}

type RefreshParts = Pick<ClientParts, 'memory' | 'fetcher' | 'reader' | 'options'>;

/** A version that was fetched less than this ago (ms) is the newest one. After a failure, the next request waits as long. */
const minInterval = 1_000;

/**
 * Fetches a secret from KMS although it is fresh. With `unlessNewerThan`, memory or a fetch in flight may have the result: a service that
 * rejects a version rejects it to all its connections at once, and their refreshes send one request.
 */
export function forcedRefresh(parts: RefreshParts, refresh: ForcedRefresh): Promise<Secret> {
  const { fetcher, reader } = parts;
  const { key, request, unlessNewerThan } = refresh;
  if (unlessNewerThan === undefined) return reader.awaitFetch(fetcher.joinOrStart(key, request, 'forced'), refresh);
  const newest = newestInMemory(parts, key, unlessNewerThan);
  if (newest !== undefined) return Promise.resolve(newest);
  const error = parts.memory.recentError(key, minInterval);
  if (error !== undefined) return Promise.reject(error);
  const level = fetcher.isSent(key) ? 'read' : 'forced';
  return reader.awaitFetch(fetcher.joinOrStart(key, request, level), refresh);
}

/** The fresh value in memory if its version is another one, or if it was fetched just now. */
function newestInMemory({ memory, options }: RefreshParts, key: string, versionId: string): Secret | undefined {
  const entry = memory.lookup(key);
  const now = options.clock.now();
  if (entry?.isFreshAt(now) !== true) return undefined;
  return entry.secret.versionId !== versionId || now - entry.fetchedAt < minInterval ? entry.secret : undefined;
}
