import { cacheKey, nameOfKey } from '../secret/cache-key.ts';
import { StoreList } from './store-list.ts';
import type { RemoteChange } from './store-list.ts';
import type { OfferResult, StoreCandidate } from './store-reader.ts';
import { Leases } from './leases.ts';
import { AggregatedLog, moreSecrets } from '../ports/aggregated-log.ts';
import type { LineKind } from '../ports/aggregated-log.ts';
import type { RunInContext } from '../ports/run-in-context.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { GuardedLogger } from '../ports/logger.ts';
import type { Entry } from '../memory/entry.ts';
import type { SecretMemory } from '../memory/memory.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { FailedFetch, FetchedSecret, StoreSearchResult } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { Counters } from '../secret/counters.ts';
import type { StoreStatus } from '../secret/status.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { withTimeout } from '../time/deadline.ts';
import type { GuardedStore } from './guarded-store.ts';
import { StoreLookups } from './store-lookups.ts';
import type { FindOptions } from './store-lookups.ts';

export interface StoreTierParts {
  readonly options: ResolvedOptions;
  readonly memory: SecretMemory;
  readonly logger: GuardedLogger;
  readonly events: SecretEmitter;
  readonly counters: Counters;
  /** A store may emit its events in any async context. */
  readonly inContext: RunInContext;
  /** Applies `SecretHook.transform` to a stored secret. Rejects if the hook rejects it. */
  readonly transform: (secret: Secret, request: SecretRequest) => Promise<Secret>;
  /** Discards the results of the running fetches of a secret, in every stage and version. */
  readonly forgetFetches: (name: string) => void;
}

/**
 * How long a process waits for another one of its fleet that fetches the same secret, and how long its own lease lasts (ms).
 * A wait is never longer than half of `deadline`.
 */
const leaseTimeout = 2_000;

/** Concurrent reads of values that other processes have written: a fleet that restarts writes all of them at once. */
const maxRemoteReads = 16;

/** A store with another key or format has thousands of entries that are dropped. */
const droppedEntry: LineKind = { level: 'warn', summary: (count) => `Dropped the entries of ${moreSecrets(count)}` };

/**
 * Connects memory with the stores: a fetch reads them before it sends a request to KMS, and its result goes to memory and
 * to them. Values that other processes write into a shared store are loaded into memory.
 */
export class StoreTier {
  readonly #parts: StoreTierParts;
  readonly #memory: SecretMemory;
  readonly #stores: StoreList;
  readonly #leases: Leases;
  /** Values that other processes have written and this one has not read, by key. */
  readonly #unread = new Map<string, { readonly store: GuardedStore; readonly request: SecretRequest }>();
  readonly #lookups: StoreLookups;
  readonly #log: AggregatedLog;
  #remoteReads = 0;
  #isClosed = false;

  constructor(parts: StoreTierParts) {
    const { clock, stage, stores, storeTimeout } = parts.options;
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#log = new AggregatedLog(clock, parts.logger);
    this.#leases = new Leases(clock, leaseTimeout);
    this.#stores = new StoreList({
      stores,
      clock,
      defaultStage: stage,
      timeout: storeTimeout,
      onEvent: (event) => this.#report(event),
      counters: parts.counters,
      inContext: parts.inContext,
      offer: (key, request, candidate) => this.#offer(key, request, candidate),
      load: (key) => this.#loadForStores(key),
      onRemoteChange: (store, change) => this.#onRemoteChange(store, change),
    });
    const { memory } = parts;
    this.#lookups = new StoreLookups({ options: parts.options, memory, stores: this.#stores, leases: this.#leases });
    this.#stores.subscribe();
  }

  /** Without stores, a fetch need not call `findStored`. */
  get hasStores(): boolean {
    return !this.#stores.isEmpty;
  }

  get failures(): number {
    return this.#stores.failures;
  }

  /** Searches the stores before a request to KMS. See `StoreLookups`. */
  findStored(key: string, request: SecretRequest, options: FindOptions): StoreSearchResult {
    return this.#lookups.findStored(key, request, options);
  }

  fetched(key: string, request: SecretRequest, { secret, original, startedAt }: FetchedSecret): void {
    this.#memory.fetched(key, request, { secret, startedAt });
    if (!this.hasStores) return;
    const { clock, storeTimeout: ms } = this.#parts.options;
    // The next holder of the lease must find the value, so it is written first. A store that hangs delays the release by
    // `storeTimeout` at most.
    const written = this.#stores.write(request, { secret: original, startedAt });
    void withTimeout(written, clock, { ms, onTimeout: () => {} }).then(() => this.#leases.release(key));
  }

  failed(key: string, request: SecretRequest, failed: FailedFetch): void {
    void this.#leases.release(key);
    if (!failed.policy.serveStale) this.#removeRefused(request, failed.error);
    this.#memory.failed(key, request, failed);
  }

  releaseLease(key: string, signal?: AbortSignal): void {
    void this.#leases.release(key, signal);
  }

  markFailing(key: string, error: AnySecretError): void {
    this.#memory.markFailing(key, error);
  }

  /** Removes a secret in all stages and versions from memory and from the stores. */
  invalidate(name: string): Promise<void> {
    const removed = this.#stores.invalidate(name, this.#spellingsOf(name));
    this.#memory.invalidate(name);
    if (!this.hasStores) return removed;
    // The write queue retries for a store that is unavailable; the caller does not wait for that.
    const { clock, storeTimeout: ms } = this.#parts.options;
    return withTimeout(removed, clock, { ms, onTimeout: () => {} });
  }

  /** Settles like `started`; rejects with the `StoreError` of a store that is configured so that it cannot work. */
  async afterVerification<Value>(started: Promise<Value>): Promise<Value> {
    started.catch(() => {}); // awaited below, unless a store fails first
    if (!this.#isClosed) await this.#parts.inContext(() => this.#stores.verify());
    return started;
  }

  describe(): readonly StoreStatus[] {
    return this.#stores.status();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#stores.beforeClose();
    this.#memory.close();
    this.#unread.clear();
    this.#log.close();
    return this.#stores.close();
  }

  /**
   * "Not found" concerns one request. Any other refusal concerns the secret in all stages and versions, under exactly this name
   * or ARN: the same name in another account or region is another secret.
   */
  #removeRefused(request: SecretRequest, error: AnySecretError): void {
    if (error.code !== 'ERR_SECRET_NOT_FOUND') {
      this.#parts.forgetFetches(request.name);
      if (this.hasStores) void this.#stores.removeRefused(request.name);
    } else if (this.hasStores) this.#stores.remove(request);
  }

  /** A secret is stored under the name that was requested, which may be an ARN. */
  #spellingsOf(name: string): ReadonlySet<string> {
    return new Set([name, plainName(name), ...this.#memory.relatedKeysOf(name).map(nameOfKey)]);
  }

  /** With a hook, the value in memory may not be that of KMS, so a refresh fetches it again. */
  #loadForStores(key: string): Entry | undefined {
    if (this.#parts.options.hook === undefined) return this.#memory.lookup(key);
    this.#memory.scheduleRefresh([key]);
    return undefined;
  }

  async #offer(
    key: string,
    request: SecretRequest,
    { secret, fetchedAt, isRevoked }: StoreCandidate,
  ): Promise<OfferResult> {
    try {
      const transformed = await this.#parts.transform(secret, request);
      if (!this.#isClosed && !isRevoked()) {
        return this.#memory.acceptFromStore(key, request, { secret: transformed, fetchedAt });
      }
    } catch {
      // The hook rejected the value, or memory cannot use what it returned. KMS is requested.
    }
    return { isAccepted: false, isFresh: false };
  }

  #onRemoteChange(store: GuardedStore, change: RemoteChange): void {
    if (change.kind === 'removed') {
      // The refusal may concern only the other process, so the cached value stays until KMS confirms it.
      this.#memory.scheduleRefresh(this.#memory.keysOf(change.name));
      return;
    }
    if (change.kind === 'changed') {
      const keys = this.#memory.keysOf(change.name);
      const isCached = keys.some((key) => this.#memory.lookup(key)?.secret.versionId === change.versionId);
      if (!isCached) this.#memory.scheduleRefresh(keys);
      return;
    }
    const { request, fetchedAt } = change;
    const { clock, stage } = this.#parts.options;
    const key = cacheKey(request, stage);
    this.#leases.notify(key);
    const cached = this.#memory.lookup(key);
    // Only secrets that this process uses, and only newer values.
    if (cached === undefined || clock.now() - cached.fetchedAt <= clock.date() - fetchedAt) return;
    this.#unread.set(key, { store, request });
    void this.#readRemoteChanges();
  }

  async #readRemoteChanges(): Promise<void> {
    if (this.#remoteReads >= maxRemoteReads) return;
    this.#remoteReads += 1;
    for (const [key, { store, request }] of this.#unread) {
      this.#unread.delete(key);
      await this.#stores.check(store, key, request);
    }
    this.#remoteReads -= 1;
  }

  #report(event: SecretEvents['store']): void {
    const { logger, events } = this.#parts;
    if (this.#isClosed && event.operation !== 'close') return;
    if (event.kind === 'recovered') {
      const subject = event.part === undefined ? event.store : `${event.part} of ${event.store}`;
      logger.info(`${subject} has recovered.`, { store: event.store });
    } else if (event.kind === 'foreignKeys' && event.error === undefined) {
      logger.info(`${event.store} is no longer in use with foreign keys.`, { store: event.store });
    } else if (event.kind === 'dropped') {
      this.#log.add(droppedEntry, event.error?.message ?? '', {
        secret: event.name ?? event.store,
        store: event.store,
      });
    } else
      logger.warn(event.error?.message ?? `${event.store}: ${event.kind}.`, {
        store: event.store,
        operation: event.operation,
      });
    events.emit('store', event);
  }
}
