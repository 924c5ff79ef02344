import type { ResolvedOptions } from '../options/options.ts';
import { requestOfKey } from '../secret/cache-key.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { startOfTick } from '../time/ticks.ts';
import type { Entry } from './entry.ts';
import type { MemoryCache } from './memory-cache.ts';
import type { Outages } from './outages.ts';
import type { Pins } from './pins.ts';
import type { RefreshQueue } from './refresh-queue.ts';

export interface DueRefreshParts {
  readonly options: ResolvedOptions;
  readonly cache: MemoryCache;
  readonly outages: Outages;
  readonly pins: Pins;
  readonly queue: RefreshQueue;
  /** Drops the entry if it is past TTL and `staleIfError`; otherwise returns it. */
  readonly dropIfExpired: (entry: Entry) => Entry | undefined;
  readonly dropIdle: (entry: Entry) => void;
  /** Fetches a secret. */
  readonly fetch: (key: string, request: SecretRequest) => Promise<unknown>;
}

/** The default of `idleTtl`, as a multiple of the TTL. */
export const idleTtls = 3;

/** What happens when a refresh is due: the secret is fetched, or dropped if it is idle. */
export class DueRefresh {
  readonly #parts: DueRefreshParts;

  constructor(parts: DueRefreshParts) {
    this.#parts = parts;
  }

  /** Whether a secret was not read for `idleTtl`. A pinned secret is never idle. */
  isIdle({ key, readAt, ttl }: Entry): boolean {
    const { options, pins } = this.#parts;
    const { idleTtl = idleTtls * ttl } = options;
    return idleTtl !== 0 && options.clock.now() - startOfTick(readAt) >= idleTtl && !pins.has(key);
  }

  /** Never rejects: the result of a fetch arrives at its listener. */
  async run(key: string): Promise<void> {
    const { cache, dropIfExpired, fetch, options } = this.#parts;
    const entry = cache.lookup(key);
    if (entry !== undefined) {
      const isIdle = this.isIdle(entry);
      // An expired entry is dropped, and still fetched unless it is idle: KMS may have recovered.
      const current = dropIfExpired(entry);
      if (isIdle) {
        if (current !== undefined) this.#retire(current);
        return;
      }
    }
    // Without an entry the key is of a pinned secret that is missing.
    await fetch(key, requestOfKey(key, options.stage)).catch(() => {});
  }

  /** Drops an idle entry. During an outage it stays until it expires, without refreshes, because it may be read again. */
  #retire(entry: Entry): void {
    const { dropIdle, options, outages, queue } = this.#parts;
    if (outages.get(entry.key) === undefined) {
      dropIdle(entry);
      return;
    }
    const expiresAt = entry.ttlEndsAt + options.staleIfError;
    queue.schedule(entry, expiresAt - options.clock.now());
  }
}
