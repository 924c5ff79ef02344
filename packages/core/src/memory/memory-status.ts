import type { ResolvedOptions } from '../options/options.ts';
import { nameOfKey, requestOfKey } from '../secret/cache-key.ts';
import type { Secret } from '../secret/secret.ts';
import type { ClientStats, HealthProblem, SecretCounts, SecretStatus } from '../secret/status.ts';
import type { CachedErrors } from './cached-errors.ts';
import { idleTtls } from './due-refresh.ts';
import { freshnessOf } from './entry.ts';
import type { Entry } from './entry.ts';
import { absentStatus, entryStatus } from './entry-status.ts';
import type { FreshnessCounts } from './freshness-counts.ts';
import type { MemoryCache } from './memory-cache.ts';
import type { Outages } from './outages.ts';
import type { Pins } from './pins.ts';
import type { RefreshQueue } from './refresh-queue.ts';
import type { Refusals } from './refusals.ts';

export interface MemoryStatusParts {
  readonly options: ResolvedOptions;
  readonly cache: MemoryCache;
  readonly errors: CachedErrors;
  readonly outages: Outages;
  readonly pins: Pins;
  readonly queue: RefreshQueue;
  readonly refusals: Refusals;
  readonly freshnessCounts: FreshnessCounts;
}

/** What `health()` reports about the secrets, with times in milliseconds. */
export interface MemoryHealth {
  readonly counts: SecretCounts;
  /** The secrets that are not in memory and have a failure. */
  readonly refused: Pick<HealthProblem, 'names' | 'since'>;
  readonly missing: Pick<HealthProblem, 'names' | 'since' | 'count'>;
  readonly rotation: Pick<HealthProblem, 'names' | 'since' | 'count'>;
  /** The time since the longest outage of a secret started. */
  readonly failingFor: number | undefined;
  /** The time until the first value expires; `undefined` while no secret is stale. */
  readonly expiresIn: number | undefined;
}

/** The maximum of names in a `HealthProblem`. */
export const maxNames = 10;

/** What an operator can see of the secrets. Contains no value. */
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

  /** For `health()`: visits the pinned, refused and managed secrets, and not those that are only in memory. */
  get health(): MemoryHealth {
    const { options, outages, refusals, freshnessCounts } = this.#parts;
    const { clock } = options;
    const now = clock.now();
    const date = clock.date();
    const absent = this.#absentKeys();
    const failing = absent.missing.filter((key) => outages.get(key) !== undefined);
    const missed = freshnessCounts.rotations.missed(date);
    const counts = {
      ...freshnessCounts.at(now),
      failing: outages.size - absent.withOutage,
      refused: absent.refused.length,
      missing: absent.missing.length,
    };
    const nextExpiry = counts.stale === 0 ? undefined : freshnessCounts.nextExpiry(now);
    return {
      counts,
      refused: {
        names: namesOf(absent.refused),
        since: longest(absent.refused.map((key) => now - (refusals.get(key)?.since ?? now))),
      },
      missing: {
        count: failing.length,
        names: namesOf(failing),
        since: longest(failing.map((key) => now - (outages.get(key)?.since ?? now))),
      },
      rotation: {
        count: missed.length,
        names: namesOf(missed.map(({ key }) => key)),
        since: longest(missed.map(({ nextAt }) => date - nextAt)),
      },
      failingFor: outages.since === undefined ? undefined : now - outages.since,
      expiresIn: nextExpiry === undefined ? undefined : Math.max(nextExpiry - now, 0),
    };
  }

  describe(): readonly SecretStatus[] {
    const { refused, missing } = this.#absentKeys();
    const absent = [...refused, ...missing].map((key) => this.#absentStatus(key));
    return [...absent, ...Array.from(this.#parts.cache.entries.values(), (entry) => this.#statusOf(entry))];
  }

  of(key: string): SecretStatus | undefined {
    const { cache, pins, refusals } = this.#parts;
    const entry = cache.lookup(key);
    if (entry !== undefined) return this.#statusOf(entry);
    return pins.has(key) || refusals.get(key) !== undefined ? this.#absentStatus(key) : undefined;
  }

  /** The value that a read would return without waiting. Counts as no read. */
  current(key: string): Secret | undefined {
    const { options, cache, outages } = this.#parts;
    const entry = cache.lookup(key);
    if (entry === undefined) return undefined;
    const freshness = freshnessOf(entry, options.clock.now(), options.staleIfError);
    if (freshness === 'fresh') return entry.secret;
    const outage = freshness === 'stale' ? outages.get(key) : undefined;
    return outage && (outage.stale ?? entry.secret.asStale());
  }

  #absentKeys(): {
    readonly refused: readonly string[];
    readonly missing: readonly string[];
    /** How many of them have an outage. */
    readonly withOutage: number;
  } {
    const { options, cache, outages, pins, refusals } = this.#parts;
    refusals.forgetIdle(options.idleTtl ?? idleTtls * options.ttl, (key) => pins.has(key));
    const refused = [...refusals.entries.keys()].filter((key) => cache.lookup(key) === undefined);
    const missing = pins.keys.filter((key) => cache.lookup(key) === undefined && refusals.get(key) === undefined);
    const withOutage = [...refused, ...missing].filter((key) => outages.get(key) !== undefined).length;
    return { refused, missing, withOutage };
  }

  #statusOf(entry: Entry): SecretStatus {
    const { options, outages, pins } = this.#parts;
    const { clock, stage, staleIfError } = options;
    const now = clock.now();
    return entryStatus(entry, {
      request: requestOfKey(entry.key, stage),
      now,
      date: clock.date(),
      staleIfError,
      freshness: freshnessOf(entry, now, staleIfError),
      outage: outages.get(entry.key),
      pinned: pins.countOf(entry.key),
    });
  }

  #absentStatus(key: string): SecretStatus {
    const { options, outages, pins, queue, refusals } = this.#parts;
    const now = options.clock.now();
    const dueAt = queue.missingDueAt(key);
    return absentStatus(requestOfKey(key, options.stage), {
      now,
      refusal: refusals.get(key),
      outage: outages.get(key),
      pinned: pins.countOf(key),
      nextRefreshIn: dueAt === undefined ? undefined : Math.max(dueAt - now, 0),
    });
  }
}

function namesOf(keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map(nameOfKey))].slice(0, maxNames);
}

function longest(times: readonly number[]): number | undefined {
  return times.length === 0 ? undefined : times.reduce((one, other) => Math.max(one, other));
}
