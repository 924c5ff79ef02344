import { cacheKey, nameOfKey } from '../secret/cache-key.ts';
import { StoreList } from './store-list.ts';
import type { OfferResult, RemoteChange, StoreCandidate } from './store-list.ts';
import { Leases } from './leases.ts';
import { AggregatedLog, moreSecrets } from '../ports/aggregated-log.ts';
import type { LineKind } from '../ports/aggregated-log.ts';
import type { RunInContext } from '../ports/run-in-context.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { GuardedLogger } from '../ports/logger.ts';
import type { SecretMemory } from '../memory/memory.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { Counters } from '../secret/counters.ts';
import type { StoreStatus } from '../secret/status.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { withTimeout } from '../time/deadline.ts';
import type { GuardedStore } from './guarded-store.ts';
import { Turns } from './turns.ts';

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

interface FindOptions {
  /** The signal of the fetch. */
  readonly signal: AbortSignal;
  /** A read, which a fresh value in memory satisfies. A refresh needs a newer one. */
  readonly isRead: boolean;
  /** Memory holds what the stores have. A reader with a stale value need not wait for another process. */
  readonly onStoresChecked: () => void;
}

/**
 * How long a process waits for another one of its fleet that fetches the same secret, and how long its own lease lasts (ms).
 * A wait is never longer than half of `deadline`.
 */
const leaseTimeout = 2_000;

/**
 * Concurrent look-ups of secrets in the stores. The time of a look-up begins with its turn: of ten thousand first reads, most would
 * otherwise time out behind the others, and a healthy store would be skipped.
 */
const maxLookups = 256;

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
  readonly #turns = new Turns(maxLookups);
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
      onRemoteChange: (store, change) => this.#onRemoteChange(store, change),
    });
    this.#stores.subscribe();
  }

  /** Without stores, a fetch need not call `findStored`. */
  get hasStores(): boolean {
    return !this.#stores.isEmpty;
  }

  get failures(): number {
    return this.#stores.failures;
  }

  /**
   * Resolves to a fresh value from a store, or from another process that holds the lease; to `undefined` if KMS must be
   * requested. Takes at most half of a read's deadline from its turn on, however many stores are slow. Never rejects.
   */
  async findStored(key: string, request: SecretRequest, options: FindOptions): Promise<Secret | undefined> {
    const turn = this.#turns.wait();
    if (turn !== undefined) await turn;
    let isOver = false;
    const endTurn = (): void => {
      if (!isOver) this.#turns.end();
      isOver = true;
    };
    const onStoresChecked = (): void => {
      options.onStoresChecked();
      // The wait for another process takes no turn.
      endTurn();
    };
    const { clock, deadline } = this.#parts.options;
    const ms = deadline / 2;
    const searching = this.#searchStores(key, request, { ...options, onStoresChecked, waitUntil: clock.now() + ms });
    return withTimeout(searching, clock, { ms, onTimeout: () => undefined }).finally(endTurn);
  }

  async #searchStores(
    key: string,
    request: SecretRequest,
    { signal, isRead, onStoresChecked, waitUntil }: FindOptions & { readonly waitUntil: number },
  ): Promise<Secret | undefined> {
    const { clock } = this.#parts.options;
    const cached = this.#memory.lookup(key);
    // An event of another process may have brought it since the reader looked it up.
    if (isRead && cached?.isFreshAt(clock.now()) === true) return cached.secret;
    const before = cached?.fetchedAt ?? Number.NEGATIVE_INFINITY;
    const newerSecret = (): Secret | undefined => {
      const entry = this.#memory.lookup(key);
      const isNewer = entry !== undefined && entry.fetchedAt > before && entry.isFreshAt(clock.now());
      return isNewer ? entry.secret : undefined;
    };
    const shared = this.#stores.leasingStore;
    const failuresBefore = shared?.failures;
    // A store that only this process writes to has nothing newer than memory.
    if (cached === undefined) await this.#stores.checkAll(key, request);
    else if (shared !== undefined) await this.#stores.check(shared, key, request);
    onStoresChecked();
    // A store that has just failed would time out a second time.
    if (shared !== undefined && shared.failures === failuresBefore && newerSecret() === undefined) {
      const checkStore = async (): Promise<boolean> => {
        await this.#stores.check(shared, key, request);
        return newerSecret() !== undefined;
      };
      await this.#leases.acquire(shared, { key, request, signal, waitUntil, checkStore });
    }
    const secret = newerSecret();
    if (secret !== undefined) void this.#leases.release(key);
    return secret;
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
      logger.info(`${event.store} has recovered.`, { store: event.store });
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
