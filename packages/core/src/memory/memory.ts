// The life of a secret in memory: stored after a fetch, fresh for its TTL, refreshed in the background, stale while KMS is
// unavailable, dropped when KMS refuses it or when it is expired, idle or evicted. See docs/secret-lifecycle.md.

import { nameOfKey } from '../secret/cache-key.ts';
import type { Clock } from '../time/clock.ts';
import { isOutage } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { FailedFetch, FetchedSecret, RecoveredSecret } from '../secret/fetch-result.ts';
import type { Logger } from '../ports/logger.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { Secret } from '../secret/secret.ts';
import type { Counters } from '../secret/counters.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { ticksOf } from '../time/ticks.ts';
import { CachedErrors } from './cached-errors.ts';
import { DueRefresh } from './due-refresh.ts';
import { Entry, freshnessOf, isFetchedAfter } from './entry.ts';
import type { EntryFields, Freshness } from './entry.ts';
import { FreshnessCounts } from './freshness-counts.ts';
import { LeastRecentlyRead } from './least-recently-read.ts';
import { MemoryCache } from './memory-cache.ts';
import { MemoryReporter } from './memory-reporter.ts';
import { MemoryStatus } from './memory-status.ts';
import { Outages } from './outages.ts';
import { PinnedSecrets, refreshSpread, refusedRetryDelay } from './pinned-secrets.ts';
import { RefreshPolicy } from './refresh-policy.ts';
import { RefreshQueue } from './refresh-queue.ts';
import { RotationLags } from './rotation-lags.ts';
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

/** The secrets in memory. */
export class SecretMemory {
  readonly status: MemoryStatus;
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #cache = new MemoryCache();
  readonly #pinned: PinnedSecrets;
  readonly #errors: CachedErrors;
  readonly #outages: Outages;
  readonly #refreshPolicy: RefreshPolicy;
  readonly #queue: RefreshQueue;
  readonly #dueRefresh: DueRefresh;
  readonly #reporter: MemoryReporter;
  readonly #leastRecentlyRead: LeastRecentlyRead;
  readonly #counts: FreshnessCounts;

  constructor(parts: MemoryParts) {
    const { options, logger, events, counters } = parts;
    const { clock, stage: defaultStage } = options;
    this.#options = options;
    this.#clock = clock;
    this.#errors = new CachedErrors(clock, options.negativeTtl);
    this.#outages = new Outages(clock);
    this.#refreshPolicy = new RefreshPolicy({ options, logger });
    this.#queue = new RefreshQueue({
      clock,
      concurrency: refreshConcurrency,
      recheckInterval: options.negativeTtl,
      refresh: (key) => this.#dueRefresh.run(key),
    });
    const common = { options, cache: this.#cache, outages: this.#outages, queue: this.#queue };
    this.#pinned = new PinnedSecrets({ ...common, logger });
    const lags = new RotationLags();
    this.#reporter = new MemoryReporter({ clock, defaultStage, logger, events, counters, lags });
    this.#counts = new FreshnessCounts(options.staleIfError);
    const shared = { ...common, pins: this.#pinned.pins };
    this.#leastRecentlyRead = new LeastRecentlyRead(this.#cache.entries, shared.pins);
    this.#dueRefresh = new DueRefresh({
      ...shared,
      dropIfExpired: (entry) => this.dropIfExpired(entry),
      dropIdle: ({ key }) => this.drop(key, 'idle'),
      fetch: parts.refresh,
    });
    const { absent, refusals } = this.#pinned;
    this.status = new MemoryStatus({
      ...shared,
      absent,
      refusals,
      errors: this.#errors,
      freshness: this.#counts,
      lags,
    });
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
    return this.#errors.get(key);
  }

  /** The error of the last fetch, if it ended less than `ms` ago or a retry would not change it. */
  recentError(key: string, ms: number): AnySecretError | undefined {
    const outage = this.#outages.get(key);
    const isRecent = outage !== undefined && outage.failures > 0 && this.#clock.now() - outage.at < ms;
    return isRecent ? outage.error : this.cachedError(key);
  }

  /**
   * Keeps a secret fresh until the returned function is called: it is never idle, is evicted last, and is fetched again if it is dropped.
   * With `isFetched`, it is fetched soon if it is not in memory.
   */
  pin(key: string, { isFetched }: { readonly isFetched: boolean }): () => void {
    const entry = this.#cache.lookup(key);
    const wasIdle = entry !== undefined && this.#dueRefresh.isIdle(entry);
    const unpin = this.#pinned.pin(key, { isFetched: isFetched && entry === undefined });
    // During an outage an idle entry has no scheduled refresh.
    if (wasIdle) this.#queue.schedule(entry, 0);
    return unpin;
  }

  /** Why a secret is not in memory: the refusal of KMS, and the last version that was dropped. */
  absenceOf(key: string): ReturnType<PinnedSecrets['absenceOf']> {
    const { refusal = this.cachedError(key), last } = this.#pinned.absenceOf(key);
    return { refusal, last };
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
    if (this.#dueRefresh.isIdle(entry)) this.#queue.schedule(entry, 0);
    entry.readAt = ticksOf(now);
    const error = this.#outages.get(entry.key)?.error;
    this.#reporter.servedStale(entry, { age: now - entry.fetchedAt, error, isFirst: served.isFirst });
    return served.stale;
  }

  /**
   * Starts the refresh of an entry past its TTL, for a read that does not wait. After a suspend, the timer of the refresh may stand still
   * for up to a minute.
   */
  startRefresh(entry: Entry): void {
    entry.readAt = ticksOf(this.#clock.now());
    if (this.#outages.get(entry.key) === undefined) this.#queue.start(entry);
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
    return { isAccepted, isFresh: this.#cache.lookup(key)?.isFreshAt(now) === true };
  }

  /**
   * Caches a secret of `SecretHook.recover` as stale, until `staleIfError` ends or a fetch succeeds. Returns the stale secret; that of a
   * fetch that has succeeded meanwhile; or `undefined` if KMS has refused the secret meanwhile.
   */
  recovered(key: string, request: SecretRequest, { secret, error }: RecoveredSecret): Secret | undefined {
    const refusal = this.cachedError(key);
    if (refusal !== undefined && !isOutage(refusal)) return undefined;
    const cached = this.#cache.lookup(key);
    if (cached !== undefined && this.dropIfExpired(cached) !== undefined)
      return this.serveStale(cached) ?? cached.secret;
    const ttl = this.#ttlOf(key, request.name, secret);
    this.#store({ key, secret, ttl, fetchedAt: this.#clock.now() - ttl });
    const entry = this.#cache.lookup(key);
    this.#scheduleRetry(key, error, 0);
    return (entry && this.serveStale(entry)) ?? secret.asStale();
  }

  /** Refreshes secrets soon: all failing ones because KMS has recovered, or those that another process has removed. */
  scheduleRefresh(keys: readonly string[] = this.#outages.keys): void {
    for (const key of keys) this.#queue.reschedule(key, this.#cache.lookup(key), refreshSpread * this.#clock.random());
  }

  /** Records a failed fetch. `policy` decides whether the cached value is dropped, and whether the error is cached. */
  failed(key: string, request: SecretRequest, { error, policy, retryAfter = 0 }: FailedFetch): void {
    const versionId = this.#cache.lookup(key)?.secret.versionId ?? request.versionId;
    if (!policy.serveStale) this.#dropRefused(key, error);
    if (!policy.retry) this.#errors.set(key, error);
    const minDelay = policy.serveStale ? retryAfter : Math.max(this.#options.negativeTtl, refusedRetryDelay);
    this.#scheduleRetry(key, error, minDelay);
    const isInUse = this.#cache.lookup(key) !== undefined || this.#pinned.pins.has(key);
    this.#reporter.fetchFailed({ ...request, versionId }, error, { key, isInUse });
  }

  /** Drops the entry. A pinned secret that was in memory, or would be fetched, is fetched again. */
  drop(key: string, reason: SecretEvents['dropped']['reason'], error?: AnySecretError): void {
    const entry = this.#cache.delete(key);
    const isFetchedAgain = this.#pinned.isFetchedAfterDrop(key, entry);
    this.#outages.clear(key);
    this.#queue.remove(key, entry);
    this.#pinned.dropped(key, entry, { reason, isFetchedAgain });
    if (entry === undefined) return;
    this.#counts.remove(entry);
    this.#pinned.rememberVersion(key, { versionId: entry.secret.versionId, reason });
    this.#reporter.dropped(entry, reason, error);
  }

  /** Drops a secret in all its stages and versions, and its cached errors. */
  invalidate(name: string): void {
    const keys = new Set([...this.relatedKeysOf(name), ...this.#pinned.pins.relatedKeysOf(name)]);
    this.#pinned.forgetRefusals(name);
    for (const key of keys) this.drop(key, 'invalidated');
    this.#errors.deleteRelated(name);
  }

  close(): void {
    this.#reporter.close();
    this.#queue.close();
    this.#pinned.clear();
    this.#outages.clearAll();
    this.#cache.clear();
    this.#errors.clear();
    this.#counts.clear();
  }

  #store({ key, secret, ttl, fetchedAt }: Omit<EntryFields, 'readAt'>): void {
    const previous = this.#cache.lookup(key);
    // Before any change: a getter of a secret from a custom transport or hook may throw.
    const delay = this.#refreshPolicy.refreshDelay({ secret, ttl, fetchedAt });
    const readAt = previous?.readAt ?? ticksOf(this.#clock.now());
    const entry = new Entry({ key, secret, ttl, fetchedAt, readAt });
    if (!this.#cache.store(entry)) return;
    this.#errors.delete(key);
    this.#counts.add(entry, previous);
    this.#outages.clear(key);
    this.#queue.remove(key, previous);
    this.#queue.schedule(entry, delay);
    const droppedVersionId = this.#pinned.stored(key);
    if (previous === undefined) this.#evictExcess(key);
    this.#reporter.stored(entry, previous?.secret.versionId ?? droppedVersionId, { isRefresh: previous !== undefined });
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
    const name = nameOfKey(key);
    const isNotFound = error.code === 'ERR_SECRET_NOT_FOUND';
    const { pins } = this.#pinned;
    const keys = isNotFound ? [key] : new Set([key, ...this.keysOf(name), ...pins.keysOf(name)]);
    for (const refused of keys) this.#pinned.refused(refused, error, this.#cache.lookup(refused));
    for (const refused of keys) this.drop(refused, 'refused', error);
    if (isNotFound) return;
    for (const related of this.relatedKeysOf(name)) this.#queue.recheck(this.#cache.lookup(related));
  }

  #scheduleRetry(key: string, error: AnySecretError, minDelay: number): void {
    const entry = this.#cache.lookup(key);
    if (entry === undefined && !this.#pinned.pins.has(key)) return;
    const delay = retryDelay(this.#outages.recordFailure(key, error), this.#clock.random());
    if (entry === undefined) this.#pinned.fetchFailed(key);
    this.#queue.reschedule(key, entry, Math.max(delay, minDelay));
  }

  #freshness(entry: Entry): Freshness {
    return freshnessOf(entry, this.#clock.now(), this.#options.staleIfError);
  }

  #ttlOf(key: string, name: string, secret: Secret): number {
    const { ttl, raisedFrom } = this.#refreshPolicy.ttlOf(name, secret);
    if (raisedFrom !== undefined && this.#cache.lookup(key) === undefined) {
      this.#reporter.raisedTtl(name, { property: this.#options.refresh.ttlProperty, raisedFrom });
    }
    return ttl;
  }
}
