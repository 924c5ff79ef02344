import type { Secret } from '../secret/secret.ts';
import type { ClientParts } from './client-parts.ts';
import type { PendingRead } from './reader.ts';

/** A call of `refresh`. */
export interface ForcedRefresh extends PendingRead {
  /** The version that the caller has, and that a service has rejected; `undefined` for a refresh without a condition. */
  readonly unlessNewerThan: string | undefined;
}

/** After a refresh without a newer version, or one that failed, the next request for the secret waits this long (ms). */
const minInterval = 1_000;

/**
 * Fetches secrets from KMS although they are fresh.
 *
 * With `unlessNewerThan`, memory or a fetch in flight may have the result. A service that rejects a version rejects it to all its
 * connections at once: their refreshes send one request.
 */
export class ForcedRefreshes {
  readonly #parts: Pick<ClientParts, 'memory' | 'fetcher' | 'reader' | 'options'>;
  /** When the last refresh without a newer version started, by key; the clock's `now`. In that order. */
  readonly #withoutNewer = new Map<string, number>();

  constructor(parts: Pick<ClientParts, 'memory' | 'fetcher' | 'reader' | 'options'>) {
    this.#parts = parts;
  }

  run(refresh: ForcedRefresh): Promise<Secret> {
    const { fetcher, memory, reader } = this.#parts;
    const { key, request, unlessNewerThan } = refresh;
    if (unlessNewerThan === undefined) return reader.awaitFetch(fetcher.joinOrStart(key, request, 'forced'), refresh);
    const newest = this.#newestInMemory(key, unlessNewerThan);
    if (newest !== undefined) return Promise.resolve(newest);
    const error = memory.recentError(key, minInterval);
    if (error !== undefined) return Promise.reject(error);
    // Its response may be from before the rotation. Then the next call sends a request.
    if (fetcher.flightOf(key)?.isSent === true)
      return reader.awaitFetch(fetcher.joinOrStart(key, request, 'read'), refresh);
    return this.#fetch(refresh, unlessNewerThan);
  }

  async #fetch(refresh: ForcedRefresh, versionId: string): Promise<Secret> {
    const { fetcher, reader, options } = this.#parts;
    const { key, request } = refresh;
    const startedAt = options.clock.now();
    const secret = await reader.awaitFetch(fetcher.joinOrStart(key, request, 'forced'), refresh);
    if (secret.versionId === versionId) this.#record(key, startedAt);
    return secret;
  }

  /** The fresh value in memory if its version is another one, or if KMS had no newer one just now. */
  #newestInMemory(key: string, versionId: string): Secret | undefined {
    const { memory, options } = this.#parts;
    const entry = memory.lookup(key);
    const now = options.clock.now();
    if (entry?.isFreshAt(now) !== true) return undefined;
    const refreshedAt = this.#withoutNewer.get(key);
    const isNewest = refreshedAt !== undefined && now - refreshedAt < minInterval;
    return isNewest || entry.secret.versionId !== versionId ? entry.secret : undefined;
  }

  #record(key: string, startedAt: number): void {
    const now = this.#parts.options.clock.now();
    this.#withoutNewer.delete(key);
    this.#withoutNewer.set(key, startedAt);
    for (const [other, time] of this.#withoutNewer) {
      if (now - time < minInterval) break;
      this.#withoutNewer.delete(other);
    }
  }
}
