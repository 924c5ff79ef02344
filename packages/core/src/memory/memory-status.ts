import type { ResolvedOptions } from '../options/options.ts';
import { nameOfKey, requestOfKey } from '../secret/cache-key.ts';
import type { Secret } from '../secret/secret.ts';
import type { ClientStats, HealthProblem, SecretCounts, SecretStatus } from '../secret/status.ts';
import type { AbsentSecrets } from './absent-secrets.ts';
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
import type { RotationLags } from './rotation-lags.ts';

export interface MemoryStatusParts {
  readonly options: ResolvedOptions;
  readonly cache: MemoryCache;
  readonly errors: CachedErrors;
  readonly outages: Outages;
  readonly pins: Pins;
  readonly queue: RefreshQueue;
  readonly refusals: Refusals;
  readonly absent: AbsentSecrets;
  readonly freshness: FreshnessCounts;
  readonly lags: RotationLags;
}

/** What `health()` reports about the secrets, with times in milliseconds. */
export interface MemoryHealth {
  readonly counts: SecretCounts;
  /** The required names that are not in memory. */
  readonly required: readonly string[];
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

  /** Makes `health` list a secret while it is not in memory, until the returned function is called. */
  require(key: string): () => void {
    return this.#parts.absent.require(key);
  }

  /** For `stats()`. */
  get counts(): Pick<ClientStats, 'secrets' | 'pinned' | 'cachedErrors'> {
    const { cache, errors, pins } = this.#parts;
    return { secrets: cache.size, pinned: pins.size, cachedErrors: errors.size };
  }

  /** For `health()`: visits no secret, except those that it names. */
  get health(): MemoryHealth {
    const { absent, options, outages, refusals, freshness } = this.#parts;
    const { clock } = options;
    const now = clock.now();
    const date = clock.date();
    this.#forgetIdleRefusals();
    const missed = freshness.rotations.missed(date, maxNames);
    const counts = {
      ...freshness.at(now),
      failing: absent.failingInMemory,
      refused: refusals.size,
      missing: absent.missing.size,
    };
    const nextExpiry = counts.stale === 0 ? undefined : freshness.nextExpiry(now);
    const [longestFailing] = absent.failing;
    const failingSince = longestFailing === undefined ? undefined : outages.get(longestFailing)?.since;
    return {
      counts,
      required: Array.from(absent.required, nameOfKey),
      refused: { names: namesOf(refusals.keys), since: timeSince(refusals.since, now) },
      missing: { count: absent.failing.size, names: namesOf(absent.failing), since: timeSince(failingSince, now) },
      rotation: { count: missed.count, names: namesOf(missed.keys), since: timeSince(missed.since, date) },
      failingFor: timeSince(outages.since, now),
      expiresIn: nextExpiry === undefined ? undefined : Math.max(nextExpiry - now, 0),
    };
  }

  /** For `describe()`. Visits every secret: about 2 ms for 100,000. */
  get oldestAge(): number | undefined {
    const { cache, options } = this.#parts;
    let oldest: number | undefined;
    for (const { fetchedAt } of cache.entries.values()) {
      if (oldest === undefined || fetchedAt < oldest) oldest = fetchedAt;
    }
    return timeSince(oldest, options.clock.now());
  }

  describe(): readonly SecretStatus[] {
    const { absent, refusals } = this.#parts;
    this.#forgetIdleRefusals();
    const keys = [...refusals.keys, ...absent.missing];
    return [
      ...keys.map((key) => this.#absentStatus(key)),
      ...Array.from(this.#parts.cache.entries.values(), (entry) => this.#statusOf(entry)),
    ];
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

  #forgetIdleRefusals(): void {
    const { options, pins, refusals } = this.#parts;
    refusals.forgetIdle(options.idleTtl ?? idleTtls * options.ttl, (key) => pins.has(key));
  }

  #statusOf(entry: Entry): SecretStatus {
    const { lags, options, outages, pins } = this.#parts;
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
      rotationLag: lags.of(entry.key),
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

/** Up to `maxNames` names of the keys. */
function namesOf(keys: Iterable<string>): readonly string[] {
  const names = new Set<string>();
  for (const key of keys) {
    if (names.size === maxNames) break;
    names.add(nameOfKey(key));
  }
  return [...names];
}

function timeSince(start: number | undefined, now: number): number | undefined {
  return start === undefined ? undefined : now - start;
}
