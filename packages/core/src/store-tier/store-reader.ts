import type { StoredSecret } from '../ports/store.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { FetchDates } from './fetch-dates.ts';
import type { GuardedStore } from './guarded-store.ts';
import { checkStored, toSecret } from './stored-secret.ts';
import type { StoreSearch } from './store-search.ts';
import type { Instant } from './tombstones.ts';

/** A valid secret from a store, before the hook has transformed it. */
export interface StoreCandidate {
  readonly secret: Secret;
  /** The clock's `now`; `undefined` if the value counts as stale, whatever its date. */
  readonly fetchedAt: number | undefined;
  /** Whether it was refused or invalidated after it was read: the caller checks again after every wait. */
  readonly isRevoked: () => boolean;
}

export interface OfferResult {
  /** Whether memory took the candidate. */
  readonly isAccepted: boolean;
  /** Whether memory holds a fresh value now, this one or another. */
  readonly isFresh: boolean;
}

export interface Lookup {
  readonly key: string;
  readonly request: SecretRequest;
  /** Receives what each store returned, also after its timeout. */
  readonly search?: StoreSearch | undefined;
}

export interface CheckResult {
  readonly isFresh: boolean;
  readonly isFound: boolean;
}

/** A valid entry of a store. */
export interface StoreEntry {
  readonly key: string;
  readonly request: SecretRequest;
  readonly stored: StoredSecret;
}

export interface StoreReaderParts {
  readonly dates: FetchDates;
  /** Offers a secret to memory. Never rejects. */
  readonly offer: (key: string, request: SecretRequest, candidate: StoreCandidate) => Promise<OfferResult>;
  /** Whether KMS refused it to another process. It then counts as stale. */
  readonly isDoubted: (request: SecretRequest, instant: Instant) => boolean;
  readonly isRevoked: (store: GuardedStore, request: SecretRequest, instant: Instant) => boolean;
  readonly removeInvalid: (store: GuardedStore, request: SecretRequest) => void;
  /** Called when the store has provided a fresh value. */
  readonly onFresh: (store: GuardedStore, entry: StoreEntry) => void;
}

/** Reads a store for memory. No entry is used without validation. */
export class StoreReader {
  readonly #parts: StoreReaderParts;

  constructor(parts: StoreReaderParts) {
    this.#parts = parts;
  }

  /** Offers what the store has to memory. Never rejects. */
  async read(store: GuardedStore, lookup: Lookup): Promise<CheckResult> {
    const { request, search } = lookup;
    const isSkipped = store.skippedFor('read') > 0;
    search?.started(store);
    const result = await store.read(request, (running) =>
      search?.waitForLate(this.#acceptLate(store, lookup, running)),
    );
    if (result !== undefined && !('part' in result)) return this.#accept(store, lookup, result.value);
    search?.ended(store, isSkipped ? `${store.lastFailureText} (skipped since)` : store.lastFailureText);
    return { isFresh: false, isFound: false };
  }

  async #acceptLate(store: GuardedStore, lookup: Lookup, running: Promise<StoredSecret | undefined>): Promise<void> {
    try {
      const { isFound } = await this.#accept(store, lookup, await running);
      if (isFound) lookup.search?.found();
    } catch {
      // The timeout of the operation has been reported.
    }
  }

  /** Offers an entry to memory. One that is invalid is removed, and one that was refused is ignored. */
  async #accept(
    store: GuardedStore,
    { key, request, search }: Lookup,
    found: StoredSecret | undefined,
  ): Promise<CheckResult> {
    const stored = found === undefined ? undefined : this.#validate(store, request, found);
    if (stored === undefined) {
      search?.ended(store, `${store.name}: no ${found === undefined ? '' : 'valid '}entry`);
      return { isFresh: false, isFound: false };
    }
    const instant = this.#parts.dates.instantOf(stored);
    const isRevoked = (): boolean => this.#parts.isRevoked(store, request, instant);
    const fetchedAt = this.#parts.isDoubted(request, instant) ? undefined : instant.now;
    const { isAccepted, isFresh } = await this.#parts.offer(key, request, {
      secret: toSecret(stored),
      fetchedAt,
      isRevoked,
    });
    search?.ended(store, `${store.name}: ${isAccepted ? 'a value that is stale' : 'a value that must not be served'}`);
    if (isAccepted && isFresh && !isRevoked()) this.#parts.onFresh(store, { key, request, stored });
    return { isFresh, isFound: true };
  }

  /** The entry, if it is valid and may be served. An invalid entry is removed. */
  #validate(store: GuardedStore, request: SecretRequest, found: StoredSecret): StoredSecret | undefined {
    const checked = checkStored(found, request);
    if ('problem' in checked) {
      store.reportDropped(request.name, checked.problem);
      this.#parts.removeInvalid(store, request);
      return undefined;
    }
    const { stored } = checked;
    this.#parts.dates.see(stored.fetchedAt);
    return this.#parts.isRevoked(store, request, this.#parts.dates.instantOf(stored)) ? undefined : stored;
  }
}
