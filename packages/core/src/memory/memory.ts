// The life of a secret in memory: stored after a fetch, fresh for its TTL, refreshed in the background, stale while KMS is
// unavailable, dropped when KMS refuses it or when it is expired, idle or evicted. See docs/secret-lifecycle.md.

import { requestOfKey, nameOfKey } from '../secret/cache-key.ts';
import type { Clock } from '../time/clock.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import type { Logger } from '../ports/logger.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { Secret } from '../secret/secret.ts';
import type { Counters } from '../secret/counters.ts';
import type { SecretCounts, SecretStatus } from '../secret/status.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { Entry, freshnessOf, isFetchedAfter } from './entry.ts';
import type { Freshness } from './entry.ts';
import { entryStatus } from './entry-status.ts';
import { FreshnessCounts } from './freshness-counts.ts';
import { LeastRecentlyRead } from './least-recently-read.ts';
import { MemoryCache } from './memory-cache.ts';
import { MemoryReporter } from './memory-reporter.ts';
import { Outages } from './outages.ts';
import { RefreshPolicy } from './refresh-policy.ts';
import { RefreshQueue } from './refresh-queue.ts';
import { retryDelay } from './schedule.ts';
import { storedTimes } from './secret-ttl.ts';

export interface MemoryParts {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly events: SecretEmitter;
  readonly counters: Counters;
  /** Fetches a secret that is due. The result arrives through `fetched` or `failed`. */
  readonly refresh: (key: string, request: SecretRequest) => Promise<unknown>;
}

interface StoreResult {
  readonly secret: Secret;
  /** The clock's `now`; `undefined` if it is unknown. */
  readonly fetchedAt: number | undefined;
}

/** The maximum number of concurrent background refreshes. Fetches of reads do not count. */
const refreshConcurrency = 16;

/** The minimum delay before a preloaded name that KMS refused is fetched again (ms). */
const refusedRetryDelay = 30_000;

/** Refreshes of several secrets at once are spread over this time (ms). */
const refreshSpread = 1_000;

/** The default of `idleTtl`, as a multiple of the TTL. */
const idleTtls = 3;

/** The secrets in memory. */
export class SecretMemory {
  readonly #parts: MemoryParts;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #cache = new MemoryCache();
  readonly #outages: Outages;
  readonly #refreshPolicy: RefreshPolicy;
  readonly #queue: RefreshQueue;
  readonly #reporter: MemoryReporter;
  readonly #leastRecentlyRead: LeastRecentlyRead;
  readonly #freshnessCounts: FreshnessCounts;

  constructor(parts: MemoryParts) {
    const { options, logger, events, counters } = parts;
    const { clock, preload: preloaded, stage: defaultStage } = options;
    this.#parts = parts;
    this.#options = options;
    this.#clock = clock;
    this.#outages = new Outages(clock);
    this.#refreshPolicy = new RefreshPolicy({ options, logger });
    this.#queue = new RefreshQueue({
      clock,
      concurrency: refreshConcurrency,
      preloaded,
      recheckInterval: options.negativeTtl,
      refresh: (key) => this.#refreshDue(key),
    });
    this.#reporter = new MemoryReporter({ defaultStage, logger, events, counters });
    this.#freshnessCounts = new FreshnessCounts(options.staleIfError);
    this.#leastRecentlyRead = new LeastRecentlyRead(this.#cache.entries, this.#queue.preloaded);
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#cache.entries;
  }

  lookup(key: string): Entry | undefined {
    return this.#cache.lookup(key);
  }

  /** The keys under which stages and versions of exactly this name or ARN are cached. */
  keysOf(name: string): readonly string[] {
    return this.#cache.keysOf(name);
  }

  /** Same as `keysOf`, with the keys that may be of the same secret: of a name and its ARN. */
  relatedKeysOf(name: string): readonly string[] {
    return this.#cache.relatedKeysOf(name);
  }

  /** The error of the last fetch if a retry would not change it, for `negativeTtl` after the fetch. */
  cachedError(key: string): AnySecretError | undefined {
    // Checked first: reading the clock costs as much as the rest of a read that shares a fetch.
    if (this.#cache.errorCount === 0) return undefined;
    return this.#cache.cachedError(key, this.#clock.now())?.error;
  }

  /** For `stats()`. */
  get counts(): { readonly secrets: number; readonly cachedErrors: number } {
    return { secrets: this.#cache.size, cachedErrors: this.#cache.errorCount };
  }

  /** Drops the entry if it is past TTL and `staleIfError`; otherwise returns it. */
  dropIfExpired(entry: Entry): Entry | undefined {
    if (this.#freshness(entry) !== 'expired') return entry;
    this.drop(entry.key, 'expired');
    return undefined;
  }

  /** Returns the stale value if its refresh is failing and it has not expired. Counts and reports the stale read. */
  serveStale(entry: Entry): Secret | undefined {
    if (this.#freshness(entry) === 'expired') return undefined;
    const served = this.#outages.serveStale(entry.key, entry.secret);
    if (served === undefined) return undefined;
    const now = this.#clock.now();
    // An idle entry has no scheduled refresh that would notice that KMS has recovered.
    if (this.#isIdle(entry, now)) this.#queue.schedule(entry, 0);
    entry.readAt = now;
    const error = this.#outages.get(entry.key)?.error;
    this.#reporter.servedStale(entry, { age: now - entry.fetchedAt, error, isFirst: served.isFirst });
    return served.stale;
  }

  /** Records that a fetch is failing at every endpoint, or slower than `staleDeadline`. Reads then return the stale value. */
  markFailing(key: string, error: AnySecretError): void {
    if (this.#cache.lookup(key) !== undefined) this.#outages.markFailing(key, error);
  }

  /** Caches the result of a fetch. */
  fetched(key: string, request: SecretRequest, result: Pick<FetchedSecret, 'secret' | 'startedAt'>): void {
    const { secret, startedAt: fetchedAt } = result;
    this.#store({ key, secret, ttl: this.#ttlOf(key, request.name, secret), fetchedAt });
  }

  /**
   * Caches a secret from a store, if it was fetched later than the cached one and has not expired. `isAccepted`: whether it was
   * cached. `isFresh`: whether memory has a fresh value now.
   */
  acceptFromStore(
    key: string,
    request: SecretRequest,
    found: StoreResult,
  ): { readonly isAccepted: boolean; readonly isFresh: boolean } {
    const now = this.#clock.now();
    const cached = this.#cache.lookup(key);
    const effective = this.#ttlOf(key, request.name, found.secret);
    const { fetchedAt, ttl } = storedTimes(found, { ttl: effective, now, date: this.#clock.date() });
    const isExpired = now >= fetchedAt + ttl + this.#options.staleIfError;
    const isAccepted = !isExpired && (cached === undefined || isFetchedAfter(cached, found));
    if (isAccepted) this.#store({ key, secret: found.secret, ttl, fetchedAt });
    return { isAccepted, isFresh: now < (this.#cache.lookup(key)?.freshUntil ?? now) };
  }

  /** Refreshes secrets soon: all failing ones because KMS has recovered, or those that another process has removed. */
  scheduleRefresh(keys: readonly string[] = this.#outages.keys): void {
    for (const key of keys) this.#queue.reschedule(key, this.#cache.lookup(key), refreshSpread * this.#clock.random());
  }

  /** Records a failed fetch. `policy` decides whether the cached value is dropped, and whether the error is cached. */
  failed(key: string, request: SecretRequest, { error, policy, retryAfter = 0 }: FailedFetch): void {
    const versionId = this.#cache.lookup(key)?.secret.versionId ?? request.versionId;
    if (!policy.serveStale) this.#dropRefused(key, error);
    if (!policy.retry) this.#cache.cacheError(key, { error, until: this.#clock.now() + this.#options.negativeTtl });
    const minDelay = policy.serveStale ? retryAfter : Math.max(this.#options.negativeTtl, refusedRetryDelay);
    this.#scheduleRetry(key, error, minDelay);
    this.#reporter.fetchFailed({ name: request.name, stage: request.stage, versionId }, error);
  }

  drop(key: string, reason: SecretEvents['dropped']['reason']): void {
    const entry = this.#cache.delete(key);
    this.#outages.clear(key);
    this.#queue.remove(key, entry);
    if (entry === undefined) return;
    this.#freshnessCounts.remove(entry);
    this.#reporter.dropped(entry, reason);
  }

  /** Drops a secret in all its stages and versions, and its cached errors. */
  invalidate(name: string): void {
    for (const key of this.relatedKeysOf(name)) this.drop(key, 'invalidated');
    this.#cache.deleteErrors(name);
  }

  describe(): readonly SecretStatus[] {
    return [...this.#cache.entries.values()].map((entry) => this.#statusOf(entry));
  }

  statusOf(key: string): SecretStatus | undefined {
    const entry = this.#cache.lookup(key);
    return entry && this.#statusOf(entry);
  }

  get freshnessCounts(): SecretCounts {
    // A preloaded name that is not in memory can have an outage too.
    const missing = this.#queue.missing.filter((key) => this.#outages.get(key) !== undefined);
    return { ...this.#freshnessCounts.at(this.#clock.now()), failing: this.#outages.size - missing.length };
  }

  close(): void {
    this.#queue.close();
    this.#outages.clearAll();
    this.#cache.clear();
    this.#freshnessCounts.clear();
  }

  #store(fields: {
    readonly key: string;
    readonly secret: Secret;
    readonly ttl: number;
    readonly fetchedAt: number;
  }): void {
    const { key, secret, ttl, fetchedAt } = fields;
    const now = this.#clock.now();
    const previous = this.#cache.lookup(key);
    // Before any change: a getter of a secret from a custom transport or hook may throw.
    const delay = this.#refreshPolicy.refreshDelay({ secret, ttl, fetchedAt });
    const entry = new Entry({ key, secret, ttl, fetchedAt, readAt: previous?.readAt ?? now });
    if (!this.#cache.store(entry)) return;
    if (previous !== undefined) this.#freshnessCounts.remove(previous);
    this.#freshnessCounts.add(entry);
    this.#outages.clear(key);
    this.#queue.remove(key, previous);
    this.#queue.schedule(entry, delay);
    if (previous === undefined) this.#evictExcess(key);
    else this.#reporter.refreshed(previous, entry);
  }

  #evictExcess(newest: string): void {
    while (this.#cache.size > this.#options.limits.maxEntries) {
      const key = this.#leastRecentlyRead.next(newest);
      if (key === undefined) return;
      this.drop(key, 'evicted');
    }
  }

  /** A denied or disabled secret is dropped in all its stages and versions; "not found" concerns only the requested one. */
  #dropRefused(key: string, error: AnySecretError): void {
    if (error.code === 'ERR_SECRET_NOT_FOUND') return this.drop(key, 'refused');
    const name = nameOfKey(key);
    for (const refused of this.keysOf(name)) this.drop(refused, 'refused');
    for (const related of this.relatedKeysOf(name)) this.#queue.recheck(this.#cache.lookup(related));
  }

  #scheduleRetry(key: string, error: AnySecretError, minDelay: number): void {
    const entry = this.#cache.lookup(key);
    if (entry === undefined && !this.#queue.preloaded.has(key)) return;
    if (entry === undefined) this.#queue.addMissing(key);
    const delay = retryDelay(this.#outages.recordFailure(key, error), this.#clock.random());
    this.#queue.reschedule(key, entry, Math.max(delay, minDelay));
  }

  #statusOf(entry: Entry): SecretStatus {
    return entryStatus(entry, {
      request: requestOfKey(entry.key, this.#options.stage),
      now: this.#clock.now(),
      freshness: this.#freshness(entry),
      outage: this.#outages.get(entry.key),
    });
  }

  #freshness(entry: Entry): Freshness {
    return freshnessOf(entry, this.#clock.now(), this.#options.staleIfError);
  }

  #isIdle({ key, readAt, ttl }: Entry, now: number): boolean {
    const { idleTtl = idleTtls * ttl } = this.#options;
    return idleTtl !== 0 && now - readAt >= idleTtl && !this.#queue.preloaded.has(key);
  }

  /** Never rejects: the result of a refresh arrives through `fetched` or `failed`. */
  async #refreshDue(key: string): Promise<void> {
    const entry = this.#cache.lookup(key);
    if (entry !== undefined) {
      const isIdle = this.#isIdle(entry, this.#clock.now());
      // An expired entry is dropped, and still fetched unless it is idle: KMS may have recovered.
      const current = this.dropIfExpired(entry);
      if (isIdle) {
        if (current !== undefined) this.#retire(current);
        return;
      }
    }
    // Without an entry the key is a missing preloaded name.
    await this.#parts.refresh(key, requestOfKey(key, this.#options.stage)).catch(() => {});
  }

  /** Drops an idle entry. During an outage it stays until it expires, without refreshes, because it may be read again. */
  #retire(entry: Entry): void {
    if (this.#outages.get(entry.key) === undefined) {
      this.drop(entry.key, 'idle');
      return;
    }
    const expiresAt = entry.freshUntil + this.#options.staleIfError;
    this.#queue.schedule(entry, expiresAt - this.#clock.now());
  }

  #ttlOf(key: string, name: string, secret: Secret): number {
    const { ttl, raisedFrom } = this.#refreshPolicy.ttlOf(name, secret);
    const isFirst = this.#cache.lookup(key) === undefined;
    if (isFirst && raisedFrom !== undefined) {
      this.#reporter.raisedTtl(name, { property: this.#options.refresh.ttlProperty, raisedFrom });
    }
    return ttl;
  }
}
