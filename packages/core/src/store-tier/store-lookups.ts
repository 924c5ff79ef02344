import type { SecretMemory } from '../memory/memory.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { StoreSearchResult } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { withTimeout } from '../time/deadline.ts';
import type { Leases } from './leases.ts';
import type { StoreList } from './store-list.ts';
import { StoreSearch } from './store-search.ts';
import { Turns } from './turns.ts';

export interface StoreLookupsParts {
  readonly options: Pick<ResolvedOptions, 'clock' | 'deadline'>;
  readonly memory: SecretMemory;
  readonly stores: StoreList;
  readonly leases: Leases;
}

export interface FindOptions {
  /** The signal of the fetch. */
  readonly signal: AbortSignal;
  /** A read, which a fresh value in memory satisfies. A refresh needs a newer one. */
  readonly isRead: boolean;
  /** Memory holds what the stores have. A reader with a stale value need not wait for another process. */
  readonly onStoresChecked: () => void;
}

interface SearchOptions extends FindOptions {
  readonly search: StoreSearch;
}

interface TurnOptions extends SearchOptions {
  /** The wait for another process takes no turn. */
  readonly endTurn: () => void;
  /** The clock's `now` until which it may wait for the lease of another process. */
  readonly waitUntil: number;
}

/**
 * Concurrent look-ups of secrets in the stores. The time of a look-up begins with its turn: of ten thousand first reads, most would
 * otherwise time out behind the others, and a healthy store would be skipped.
 */
const maxLookups = 256;

/** Looks secrets up in the stores before they are requested from KMS. */
export class StoreLookups {
  readonly #options: Pick<ResolvedOptions, 'clock' | 'deadline'>;
  readonly #memory: SecretMemory;
  readonly #stores: StoreList;
  readonly #leases: Leases;
  readonly #turns = new Turns(maxLookups);

  constructor({ options, memory, stores, leases }: StoreLookupsParts) {
    this.#options = options;
    this.#memory = memory;
    this.#stores = stores;
    this.#leases = leases;
  }

  /**
   * Searches the stores. `found` resolves to a fresh value from a store, or from another process that holds the lease; to `undefined`
   * if KMS must be requested. It takes at most half of a read's deadline from its turn on, however many stores are slow, and never
   * rejects.
   */
  findStored(key: string, request: SecretRequest, options: FindOptions): StoreSearchResult {
    const search = new StoreSearch(() => options.onStoresChecked());
    return {
      found: this.#searchInTurn(key, request, { ...options, search }),
      isPending: () => search.isPending && this.#memory.lookup(key) === undefined,
      late: async () => {
        await search.settled();
        return this.#newerSecret(key, Number.NEGATIVE_INFINITY);
      },
      lines: () => search.lines,
    };
  }

  async #searchInTurn(key: string, request: SecretRequest, options: SearchOptions): Promise<Secret | undefined> {
    const turn = this.#turns.wait();
    if (turn !== undefined) await turn;
    let isOver = false;
    const endTurn = (): void => {
      if (!isOver) this.#turns.end();
      isOver = true;
    };
    const { clock, deadline } = this.#options;
    const ms = deadline / 2;
    const inTurn = { ...options, endTurn, waitUntil: clock.now() + ms };
    const searching = options.search.wait(this.#searchStores(key, request, inTurn));
    return withTimeout(searching, clock, { ms, onTimeout: () => undefined }).finally(endTurn);
  }

  async #searchStores(
    key: string,
    request: SecretRequest,
    { signal, isRead, onStoresChecked, endTurn, waitUntil, search }: TurnOptions,
  ): Promise<Secret | undefined> {
    const { clock } = this.#options;
    // An event of another process may have brought it since the reader looked it up.
    const cached = this.#memory.lookup(key);
    if (isRead && cached?.isFreshAt(clock.now()) === true) return cached.secret;
    const before = cached?.fetchedAt ?? Number.NEGATIVE_INFINITY;
    const shared = this.#stores.leasingStore;
    const failuresBefore = shared?.failures;
    // A store that only this process writes to has nothing newer than memory.
    if (cached === undefined) await this.#stores.checkAll(key, request, search);
    else if (shared !== undefined) await this.#stores.check(shared, key, request);
    // A value that arrives late must be served as stale, so a reader waits for it.
    if (!search.hasLate || this.#memory.lookup(key) !== undefined) onStoresChecked();
    endTurn();
    // A store that has just failed would time out a second time.
    if (shared !== undefined && shared.failures === failuresBefore && this.#newerSecret(key, before) === undefined) {
      const checkStore = async (): Promise<boolean> => {
        await this.#stores.check(shared, key, request);
        return this.#newerSecret(key, before) !== undefined;
      };
      await this.#leases.acquire(shared, { key, request, signal, waitUntil, checkStore });
    }
    const secret = this.#newerSecret(key, before);
    if (secret !== undefined) void this.#leases.release(key);
    return secret;
  }

  /** The fresh value in memory, if it was fetched later than `before`. */
  #newerSecret(key: string, before: number): Secret | undefined {
    const entry = this.#memory.lookup(key);
    const isNewer = entry !== undefined && entry.fetchedAt > before && entry.isFreshAt(this.#options.clock.now());
    return isNewer ? entry.secret : undefined;
  }
}
