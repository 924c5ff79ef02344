import type { Clock } from '../time/clock.ts';
import type { Secret } from '../secret/secret.ts';
import type { RunInContext } from '../ports/run-in-context.ts';
import type { Counters } from '../secret/counters.ts';
import type { StoreStatus } from '../secret/status.ts';
import type { SecretStore, StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { GuardedStore } from './guarded-store.ts';
import type { StoreEventListener } from './guarded-store.ts';
import { StoreReader } from './store-reader.ts';
import type { StoreEntry, StoreReaderParts } from './store-reader.ts';
import { toValidStored } from './stored-secret.ts';
import { WriteQueue } from './write-queue.ts';
import { FetchDates } from './fetch-dates.ts';
import type { StoreSearch } from './store-search.ts';
import { Tombstones } from './tombstones.ts';
import type { Instant } from './tombstones.ts';

/** A change by another process that shares a store. */
export type RemoteChange = Extract<StoreEvent, { kind: 'written' | 'removed' | 'changed' }>;

export interface StoreListParts {
  readonly stores: readonly SecretStore[];
  readonly clock: Clock;
  readonly defaultStage: string;
  /** Milliseconds for one operation of a store. */
  readonly timeout: number;
  readonly onEvent: StoreEventListener;
  readonly counters: Pick<Counters, 'storeHits' | 'storeMisses'>;
  readonly inContext: RunInContext;
  readonly offer: StoreReaderParts['offer'];
  /** The value that memory holds as KMS returned it, with the clock's `now` of its fetch. */
  readonly load: (key: string) => { readonly secret: Secret; readonly fetchedAt: number } | undefined;
  readonly onRemoteChange: (store: GuardedStore, change: RemoteChange) => void;
}

interface QueuedStore {
  readonly store: GuardedStore;
  readonly queue: WriteQueue;
}

/**
 * The stores behind memory, in the caller's order. They are read before the first request to KMS, and receive its results
 * and refusals. No store delays a read for longer than `timeout`, and no entry is used without validation.
 */
export class StoreList {
  readonly #parts: StoreListParts;
  readonly #dates: FetchDates;
  readonly #stores: readonly QueuedStore[];
  readonly #tombstones: Tombstones;
  /** What KMS refused to another process. Such an entry counts as stale, so that KMS is requested first. */
  readonly #doubts: Tombstones;
  readonly #reader: StoreReader;
  readonly #unsubscribes: (() => void)[] = [];

  constructor(parts: StoreListParts) {
    this.#parts = parts;
    this.#dates = new FetchDates(parts.clock);
    this.#tombstones = new Tombstones(parts.defaultStage);
    this.#doubts = new Tombstones(parts.defaultStage);
    this.#stores = parts.stores.map((store) => this.#withQueue(store));
    this.#reader = new StoreReader({
      dates: this.#dates,
      offer: parts.offer,
      isDoubted: (request, instant) => this.#doubts.covers(request, instant),
      isRevoked: (store, request, instant) => this.#isRevoked(store, request, instant),
      removeInvalid: (store, request) => {
        const removedAt = this.#dates.removalInstant();
        void this.#queueOf(store)?.push(this.#keyOf(request), { kind: 'remove', request, removedAt });
      },
      onFresh: (store, entry) => this.#copyToOthers(store, entry),
    });
  }

  get isEmpty(): boolean {
    return this.#stores.length === 0;
  }

  get failures(): number {
    return this.#stores.reduce((sum, { store }) => sum + store.failures, 0);
  }

  /** The store that coordinates a fleet by leases: the first one that has them. */
  get leasingStore(): GuardedStore | undefined {
    return this.#stores.find(({ store }) => store.store.lease !== undefined)?.store;
  }

  subscribe(): void {
    const { inContext } = this.#parts;
    for (const { store } of this.#stores) {
      this.#unsubscribes.push(store.subscribe((event) => inContext(() => this.#onStoreEvent(store, event))));
    }
  }

  /**
   * Reads the stores in order until memory holds a fresh value, and resolves to whether it does. Never rejects. A value that a store
   * returns after its timeout also goes to memory: `search` says whether there may be one.
   */
  async checkAll(key: string, request: SecretRequest, search: StoreSearch): Promise<boolean> {
    const { counters } = this.#parts;
    let wasFound = false;
    for (const { store } of this.#stores) {
      // In sequence: a store in front is faster or closer, and usually enough.
      const { isFresh, isFound } = await this.#reader.read(store, { key, request, search });
      wasFound ||= isFound;
      if (!isFresh) continue;
      counters.storeHits.add();
      return true;
    }
    (wasFound ? counters.storeHits : counters.storeMisses).add();
    return false;
  }

  /** Same as `checkAll`, for one store. */
  async check(store: GuardedStore, key: string, request: SecretRequest): Promise<boolean> {
    const { isFresh } = await this.#reader.read(store, { key, request });
    return isFresh;
  }

  /** Queues a fetched secret for all stores. Resolves when the leasing store has written or dropped it. */
  async write(
    request: SecretRequest,
    { secret, startedAt }: { readonly secret: Secret; readonly startedAt: number },
  ): Promise<void> {
    const fetchedAt = this.#dates.dateOf(startedAt);
    const stored = toValidStored(secret, { request, fetchedAt });
    if (stored === undefined) return;
    // Compared with the current date, not with `fetchedAt`: a slow response may be older than what is stored.
    const replaces = this.#dates.isSetBack;
    this.#dates.see(fetchedAt);
    this.#tombstones.clear(request);
    this.#doubts.clear(request);
    const key = this.#keyOf(request);
    await Promise.all(
      this.#stores.map(async ({ store, queue }) => {
        const written = queue.push(key, { kind: 'write', request, stored, replaces });
        if (store === this.leasingStore) await written;
      }),
    );
  }

  remove(request: SecretRequest): void {
    const removedAt = this.#dates.removalInstant();
    this.#tombstones.add(request, removedAt);
    for (const { queue } of this.#stores) void queue.push(this.#keyOf(request), { kind: 'remove', request, removedAt });
  }

  /**
   * Removes every stage and version of a secret that KMS refused. What is stored under its ARN or its plain name may be the same
   * secret: KMS is requested before it is served.
   */
  async removeRefused(name: string): Promise<void> {
    const removedAt = this.#dates.removalInstant();
    this.#tombstones.addAll(name, removedAt);
    this.#doubts.addRelated(name, removedAt);
    await this.#removeAll([name], removedAt);
  }

  /** Removes every stage and version of a secret under each of its names. Resolves when all stores have done so. */
  async invalidate(name: string, spellings: Iterable<string>): Promise<void> {
    const removedAt = this.#dates.removalInstant();
    this.#tombstones.addRelated(name, removedAt);
    await this.#removeAll(spellings, removedAt);
  }

  async verify(): Promise<void> {
    await Promise.all(this.#stores.map(({ store }) => store.verify()));
  }

  status(): readonly StoreStatus[] {
    return this.#stores.map(({ store, queue }) => store.status(queue.size));
  }

  /** Call it before memory is cleared: values of pending writes may be only there. */
  beforeClose(): void {
    for (const { queue } of this.#stores) queue.restoreValues();
  }

  /** Writes pending changes within `timeout`, then closes the stores. Never rejects. */
  async close(): Promise<void> {
    for (const unsubscribe of this.#unsubscribes) unsubscribe();
    await Promise.all(
      this.#stores.map(async ({ store, queue }) => {
        await queue.flush(this.#parts.timeout);
        const { size } = queue;
        queue.close();
        await store.close();
        if (size > 0) store.reportLost('close', size);
      }),
    );
  }

  async #removeAll(names: Iterable<string>, removedAt: Instant): Promise<void> {
    const removals: Promise<void>[] = [];
    for (const name of names) {
      for (const { queue } of this.#stores) removals.push(queue.push(name, { kind: 'removeAll', name, removedAt }));
    }
    await Promise.all(removals);
  }

  /** Writes to the other stores, so that a file store does not fall behind a Redis store. */
  #copyToOthers(source: GuardedStore, { key, request, stored }: StoreEntry): void {
    for (const { store, queue } of this.#stores) {
      if (store !== source) void queue.push(key, { kind: 'write', request, stored, replaces: false });
    }
  }

  #isRevoked(store: GuardedStore, request: SecretRequest, fetchedAt: Instant): boolean {
    if (this.#tombstones.covers(request, fetchedAt)) return true;
    return this.#queueOf(store)?.isRemoving(this.#keyOf(request), request.name, fetchedAt) === true;
  }

  #onStoreEvent(store: GuardedStore, event: StoreEvent): void {
    switch (event.kind) {
      case 'written':
        // KMS returned it to the other process after any refusal.
        this.#doubts.clear(event.request);
        this.#parts.onRemoteChange(store, event);
        return;
      case 'changed':
        this.#parts.onRemoteChange(store, event);
        return;
      case 'removed':
        this.#doubts.addRelated(event.name, this.#dates.removalInstant());
        this.#parts.onRemoteChange(store, event);
        return;
      case 'dropped':
        store.reportDropped(event.name, event.reason);
        return;
      case 'foreignKeys':
        store.reportForeignKeys([...event.keyIds], event.reason);
        return;
      case 'unavailable':
        store.markUnavailable(event.reason, event.part);
        return;
      case 'recovered':
        store.markRecovered(event.part);
        return;
      default:
        event satisfies never;
    }
  }

  #withQueue(target: SecretStore): QueuedStore {
    const { clock, timeout, onEvent } = this.#parts;
    const onRecovered = (): void => void queue.drain();
    const store = new GuardedStore({ store: target, clock, timeout, onEvent, onRecovered });
    const queue = new WriteQueue(store, clock, (key, request) => {
      const loaded = this.#parts.load(key);
      return loaded && toValidStored(loaded.secret, { request, fetchedAt: this.#dates.dateOf(loaded.fetchedAt) });
    });
    return { store, queue };
  }

  #queueOf(store: GuardedStore): WriteQueue | undefined {
    return this.#stores.find((candidate) => candidate.store === store)?.queue;
  }

  #keyOf(request: SecretRequest): string {
    return cacheKey(request, this.#parts.defaultStage);
  }
}
