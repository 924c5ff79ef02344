import type { ResolvedOptions } from '../options/options.ts';
import { requestOfKey } from '../secret/cache-key.ts';
import type { ClientStats, SecretCounts, SecretStatus } from '../secret/status.ts';
import type { CachedErrors } from './cached-errors.ts';
import { freshnessOf } from './entry.ts';
import type { Entry } from './entry.ts';
import { entryStatus } from './entry-status.ts';
import type { FreshnessCounts } from './freshness-counts.ts';
import type { MemoryCache } from './memory-cache.ts';
import type { Outages } from './outages.ts';
import type { Pins } from './pins.ts';
import type { RefreshQueue } from './refresh-queue.ts';

export interface MemoryStatusParts {
  readonly options: ResolvedOptions;
  readonly cache: MemoryCache;
  readonly errors: CachedErrors;
  readonly outages: Outages;
  readonly pins: Pins;
  readonly queue: RefreshQueue;
  readonly freshnessCounts: FreshnessCounts;
}

/** What an operator can see of the secrets in memory. Contains no value. */
export class MemoryStatus {
  readonly #parts: MemoryStatusParts;

  constructor(parts: MemoryStatusParts) {
    this.#parts = parts;
  }

  /** For `stats()`. */
  get counts(): Pick<ClientStats, 'secrets' | 'pinned' | 'cachedErrors'> {
    const { cache, errors, pins } = this.#parts;
    return { secrets: cache.size, pinned: pins.size, cachedErrors: errors.size };
  }

  /** For `health()`: takes the same time however many secrets are in memory. */
  get freshnessCounts(): SecretCounts {
    const { options, outages, queue, freshnessCounts } = this.#parts;
    // A pinned secret that is not in memory can have an outage too.
    const missing = queue.missing.filter((key) => outages.get(key) !== undefined);
    return { ...freshnessCounts.at(options.clock.now()), failing: outages.size - missing.length };
  }

  describe(): readonly SecretStatus[] {
    return [...this.#parts.cache.entries.values()].map((entry) => this.#statusOf(entry));
  }

  of(key: string): SecretStatus | undefined {
    const entry = this.#parts.cache.lookup(key);
    return entry && this.#statusOf(entry);
  }

  #statusOf(entry: Entry): SecretStatus {
    const { options, outages, pins } = this.#parts;
    const now = options.clock.now();
    return entryStatus(entry, {
      request: requestOfKey(entry.key, options.stage),
      now,
      freshness: freshnessOf(entry, now, options.staleIfError),
      outage: outages.get(entry.key),
      pinned: pins.countOf(entry.key),
    });
  }
}
