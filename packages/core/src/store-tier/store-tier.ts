// The story of what outlives the process: the stores are looked into before KMS is asked, told of what has landed, and
// emptied of what KMS refuses; what another process brings into a shared one is landed here as if it had been fetched.

import { cacheKey, nameOfKey } from '../secret/cache-key.ts';
import { TieredCache } from './store-list.ts';
import type { Found, Offered, SharedStore } from './store-list.ts';
import { Turns } from './leases.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { GuardedLogger } from '../ports/logger.ts';
import type { SecretMemory } from '../memory/memory.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import { plainName } from '../secret/secret-name.ts';
import type { StoreStatus, Counters } from '../secret/status.ts';
import type { StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { withTimeout } from '../time/deadline.ts';

export interface TiersParts {
  readonly options: ResolvedOptions;
  readonly memory: SecretMemory;
  readonly logger: GuardedLogger;
  readonly events: SecretEmitter;
  readonly counters: Counters;
  /** What readers get of a secret that KMS gave: see `SecretHook.transform`. Rejects if the hook refuses it. */
  readonly prepare: (secret: Secret, request: SecretRequest) => Promise<Secret>;
  /** What is being fetched of a secret, in whatever stage or version, is not to be kept. */
  readonly forget: (name: string) => void;
}

/** How a fetch looks around before it asks KMS. */
interface Look {
  readonly signal: AbortSignal;
  /** A reader wants it; else it has come due, and what is in memory is not enough. */
  readonly isRead: boolean;
  /** What the stores have is in memory: who can do with that need not wait while another process is at it. */
  readonly onStoresChecked: () => void;
}

/**
 * How long a process waits for another one of its fleet that fetches the same secret, and how long its own lease lasts (ms).
 * A wait is never longer than half of `deadline`.
 */
const leaseTimeout = 2_000;

/** So many of what others bring are read at a time: a fleet that starts anew brings everything at once. */
const newsAtOnce = 16;

/** Memory and the stores behind it, as a fetch meets them: at its beginning, and at its landing. */
export class SecretTiers {
  readonly #parts: TiersParts;
  readonly #memory: SecretMemory;
  readonly #stores: TieredCache;
  readonly #turns: Turns;
  /** What others have brought and is yet to be read, by key. */
  readonly #news = new Map<string, { readonly store: SharedStore; readonly request: SecretRequest }>();
  #reading = 0;
  #isClosed = false;

  constructor(parts: TiersParts) {
    const { clock, stage, stores, storeTimeout } = parts.options;
    this.#parts = parts;
    this.#memory = parts.memory;
    this.#turns = new Turns(clock, leaseTimeout);
    this.#stores = new TieredCache({
      stores,
      clock,
      usualStage: stage,
      timeout: storeTimeout,
      tell: (event) => this.#tell(event),
      counters: parts.counters,
      offer: (key, request, found) => this.#offer(key, request, found),
      onNews: (store, news) => this.#hear(store, news),
    });
    this.#stores.listen();
  }

  /** Without stores there is nothing to look into, and a fetch need not wait for it. */
  get hasStores(): boolean {
    return !this.#stores.isEmpty;
  }

  get failures(): number {
    return this.#stores.failures;
  }

  /**
   * What makes it needless to ask KMS: a fresh value that a store holds, or that another process brings while we wait for
   * our turn. `undefined`: KMS is to be asked. Never rejects.
   *
   * However many stores are slow, one after the other: half of a reader's deadline is left for KMS.
   */
  findStored(key: string, request: SecretRequest, look: Look): Promise<Secret | undefined> {
    const { clock, deadline } = this.#parts.options;
    const ms = deadline / 2;
    const looking = this.#searchStores(key, request, { ...look, until: clock.now() + ms });
    return withTimeout(looking, clock, { ms, onTimeout: () => undefined });
  }

  async #searchStores(
    key: string,
    request: SecretRequest,
    { signal, isRead, onStoresChecked, until }: Look & { readonly until: number },
  ): Promise<Secret | undefined> {
    const { clock } = this.#parts.options;
    const held = this.#memory.lookup(key);
    // Between the reader's look into memory and this one another process may have brought it.
    if (isRead && held !== undefined && clock.now() < held.freshUntil) return held.secret;
    const since = held?.fetchedAt ?? Number.NEGATIVE_INFINITY;
    const brought = (): Secret | undefined => {
      const entry = this.#memory.lookup(key);
      return entry !== undefined && entry.fetchedAt > since && clock.now() < entry.freshUntil
        ? entry.secret
        : undefined;
    };
    const shared = this.#stores.leasing;
    const failuresBefore = shared?.failures;
    // What we hold is in our stores too, and no newer there unless others write into them.
    if (held === undefined) await this.#stores.look(key, request);
    else if (shared !== undefined) await this.#stores.lookInto(shared, key, request);
    onStoresChecked();
    // A store that has just failed is not waited for a second time.
    if (shared !== undefined && shared.failures === failuresBefore && brought() === undefined) {
      const look = async (): Promise<boolean> => {
        await this.#stores.lookInto(shared, key, request);
        return brought() !== undefined;
      };
      await this.#turns.take(shared, { key, request, signal, until, look });
    }
    const secret = brought();
    if (secret !== undefined) void this.#turns.giveBack(key);
    return secret;
  }

  fetched(key: string, request: SecretRequest, { secret, original, startedAt }: FetchedSecret): void {
    this.#memory.fetched(key, request, { secret, startedAt });
    if (!this.hasStores) return;
    const { clock, storeTimeout: ms } = this.#parts.options;
    // Written first: whoever gets the turn next must find it. But a store that cannot be told holds up nobody's turn.
    const written = this.#stores.keep(request, { secret: original, startedAt });
    void withTimeout(written, clock, { ms, onTimeout: () => {} }).then(() => this.#turns.giveBack(key));
  }

  failed(key: string, request: SecretRequest, failed: FailedFetch): void {
    void this.#turns.giveBack(key);
    if (!failed.kind.serveStale) this.#erase(request, failed.error);
    this.#memory.failed(key, request, failed);
  }

  /** A fetch has ended that nobody is told of: it was forgotten, or the client is closed. */
  releaseLease(key: string, signal?: AbortSignal): void {
    void this.#turns.giveBack(key, signal);
  }

  markFailing(key: string, error: AnySecretError): void {
    this.#memory.markFailing(key, error);
  }

  /** Forgets a secret in all its stages and versions, here and in every store. */
  invalidate(name: string): Promise<void> {
    const removed = this.#stores.removeAll(this.#spellingsOf(name));
    this.#memory.invalidate(name);
    if (!this.hasStores) return removed;
    // A store that is unavailable removes it later: the caller does not wait for that.
    const { clock, storeTimeout: ms } = this.#parts.options;
    return withTimeout(removed, clock, { ms, onTimeout: () => {} });
  }

  describe(): readonly StoreStatus[] {
    return this.#stores.status();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#memory.close();
    this.#news.clear();
    return this.#stores.close();
  }

  /** "Not found" is said of what was asked for; everything else of the secret as a whole. */
  #erase(request: SecretRequest, error: AnySecretError): void {
    if (error.code !== 'ERR_SECRET_NOT_FOUND') {
      this.#parts.forget(request.name);
      if (this.hasStores) void this.#stores.removeAll(this.#spellingsOf(request.name));
    } else if (this.hasStores) this.#stores.remove(request);
  }

  #spellingsOf(name: string): ReadonlySet<string> {
    return new Set([name, plainName(name), ...this.#memory.keysOf(name).map(nameOfKey)]);
  }

  async #offer(key: string, request: SecretRequest, { secret, fetchedAt, isRevoked }: Found): Promise<Offered> {
    try {
      const prepared = await this.#parts.prepare(secret, request);
      if (!this.#isClosed && !isRevoked())
        return this.#memory.acceptFromStore(key, request, { secret: prepared, fetchedAt });
    } catch {
      // Refused by a hook, or made wrongly by it: what KMS gives is judged anew.
    }
    return { isKept: false, isFresh: false };
  }

  #hear(store: SharedStore, news: Extract<StoreEvent, { kind: 'written' | 'removed' }>): void {
    if (news.kind === 'removed') {
      this.#memory.scheduleRefetch(this.#memory.keysOf(news.name));
      return;
    }
    const { request, fetchedAt } = news;
    const { clock, stage } = this.#parts.options;
    const key = cacheKey(request, stage);
    this.#turns.heard(key);
    const held = this.#memory.lookup(key);
    if (held === undefined || clock.now() - held.fetchedAt <= clock.date() - fetchedAt) return;
    this.#news.set(key, { store, request });
    void this.#readNews();
  }

  async #readNews(): Promise<void> {
    if (this.#reading >= newsAtOnce) return;
    this.#reading += 1;
    for (const [key, { store, request }] of this.#news) {
      this.#news.delete(key);
      await this.#stores.lookInto(store, key, request);
    }
    this.#reading -= 1;
  }

  /** Once for each outage, and for each entry that was dropped: see `SecretEvents.store`. */
  #tell(event: SecretEvents['store']): void {
    const { logger, events } = this.#parts;
    if (this.#isClosed && event.operation !== 'close') return;
    if (event.what === 'recovered') logger.info(`Store ${event.store} works again.`);
    else logger.warn(event.error?.message ?? `Store ${event.store}: ${event.what}.`);
    events.emit('store', event);
  }
}
