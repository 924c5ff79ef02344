// The stores behind memory: looked at before KMS is asked for the first time, told what has landed, emptied of what KMS
// refuses. None of them can hold up a read for longer than `storeTimeout`, and none is believed.

import type { Clock } from '../time/clock.ts';
import type { Secret } from '../secret/secret.ts';
import type { Counters, StoreStatus } from '../secret/status.ts';
import type { SecretStore, StoredSecret, StoreEvent } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { GuardedStore } from './guarded-store.ts';
import type { TellStore } from './guarded-store.ts';
import { checkStored, secretOf, storedOf } from './stored-secret.ts';
import { StoreWrites } from './write-queue.ts';
import { Tombstones } from './tombstones.ts';
import type { Moment } from './tombstones.ts';

/** A secret that a store gave, checked; its hook has not seen it yet. */
export interface Found {
  readonly secret: Secret;
  /** The clock's `now`; `undefined` if the calendar says that it was fetched in times to come. */
  readonly fetchedAt: number | undefined;
  /** Whether it was refused or invalidated since: whoever has looked at it for a while must not keep it then. */
  readonly isRevoked: () => boolean;
}

/** What became of it: whether it is in memory now, and whether a fresh value is, this or another. */
export interface Offered {
  readonly isKept: boolean;
  readonly isFresh: boolean;
}

export interface TieredCacheParts {
  readonly stores: readonly SecretStore[];
  readonly clock: Clock;
  readonly usualStage: string;
  readonly timeout: number;
  readonly tell: TellStore;
  readonly counters: Pick<Counters, 'storeHits' | 'storeMisses'>;
  /** Keeps what was found, if it is worth it. Never rejects. */
  readonly offer: (key: string, request: SecretRequest, found: Found) => Promise<Offered>;
  /** What another process has told of one of the shared stores. */
  readonly onNews: (store: SharedStore, news: Extract<StoreEvent, { kind: 'written' | 'removed' }>) => void;
}

/** One store with what waits for it. */
interface Tier {
  readonly guarded: GuardedStore;
  readonly writes: StoreWrites;
}

/** As much of a store as those know who share it. */
export type SharedStore = Pick<GuardedStore, 'attempt' | 'store'>;

/** The clocks of a fleet differ by that much without anything being wrong. */
const skew = 30_000;

/** The stores behind memory, in the order in which they are asked. */
export class TieredCache {
  readonly #parts: TieredCacheParts;
  readonly #clock: Clock;
  readonly #tiers: readonly Tier[];
  readonly #tombstones: Tombstones;
  /** What was refused to another process, which is no more than a reason to ask: with the age it claims it is not served. */
  readonly #doubts: Tombstones;
  readonly #leave: (() => void)[] = [];
  /** The latest time at which anything in the stores was fetched, as far as is known: ahead of us, the calendar was set back. */
  #latest = Number.NEGATIVE_INFINITY;

  constructor(parts: TieredCacheParts) {
    this.#parts = parts;
    this.#clock = parts.clock;
    this.#tombstones = new Tombstones(parts.usualStage);
    this.#doubts = new Tombstones(parts.usualStage);
    this.#tiers = parts.stores.map((store) => this.#tierOf(store));
  }

  get isEmpty(): boolean {
    return this.#tiers.length === 0;
  }

  get failures(): number {
    return this.#tiers.reduce((sum, { guarded }) => sum + guarded.failures, 0);
  }

  /** The one store in which a fleet takes turns, if there is one. */
  get leasing(): GuardedStore | undefined {
    return this.#tiers.find(({ guarded }) => guarded.store.lease !== undefined)?.guarded;
  }

  /** Begins to listen to the stores that tell of others. */
  listen(): void {
    for (const { guarded } of this.#tiers) this.#leave.push(guarded.subscribe((news) => this.#hear(guarded, news)));
  }

  /** Looks through all stores until one has a fresh value; says whether one is in memory now. Never rejects. */
  async look(key: string, request: SecretRequest): Promise<boolean> {
    const { counters } = this.#parts;
    let hasFound = false;
    for (const { guarded } of this.#tiers) {
      // One after the other: a store in front is faster, or closer, and its answer is enough.
      const { isFresh, isFound } = await this.#lookInto(guarded, key, request);
      hasFound ||= isFound;
      if (!isFresh) continue;
      counters.storeHits.add();
      return true;
    }
    (hasFound ? counters.storeHits : counters.storeMisses).add();
    return false;
  }

  /** As `look`, into one store. */
  async lookInto(store: SharedStore, key: string, request: SecretRequest): Promise<boolean> {
    const { isFresh } = await this.#lookInto(store, key, request);
    return isFresh;
  }

  /** What KMS gave is for all stores; what is returned resolves when it is in the store that a fleet shares, or will not be. */
  async keep(request: SecretRequest, landed: { readonly secret: Secret; readonly startedAt: number }): Promise<void> {
    const fetchedAt = this.#dateOf(landed.startedAt);
    const stored = storable(landed.secret, { request, fetchedAt });
    if (stored === undefined) return;
    // Compared with what time it is, and not with when this was asked for: a slow answer is older than others, and gives way.
    const replaces = this.#clock.date() + skew < this.#latest;
    this.#latest = Math.max(this.#latest, fetchedAt);
    this.#tombstones.lift(request);
    this.#doubts.lift(request);
    const key = cacheKey(request, this.#parts.usualStage);
    const { leasing } = this;
    await Promise.all(
      this.#tiers.map(async ({ guarded, writes }) => {
        const done = writes.push(key, { kind: 'write', request, stored, replaces });
        if (guarded === leasing) await done;
      }),
    );
  }

  remove(request: SecretRequest): void {
    const removedAt = this.#untilNow();
    this.#tombstones.bury(request, removedAt);
    const key = cacheKey(request, this.#parts.usualStage);
    for (const { writes } of this.#tiers) void writes.push(key, { kind: 'remove', request, removedAt });
  }

  /** Every stage and version of a secret, by all the names that it was asked by. */
  async removeAll(names: Iterable<string>): Promise<void> {
    const removedAt = this.#untilNow();
    const removals: Promise<void>[] = [];
    for (const name of names) {
      this.#tombstones.buryAll(name, removedAt);
      for (const { writes } of this.#tiers) removals.push(writes.push(name, { kind: 'removeAll', name, removedAt }));
    }
    await Promise.all(removals);
  }

  status(): readonly StoreStatus[] {
    return this.#tiers.map(({ guarded, writes }) => guarded.status(writes.size));
  }

  /** Tells the stores what they have not been told yet, each in its time, and closes them. Never rejects. */
  async close(): Promise<void> {
    for (const leave of this.#leave) leave();
    await Promise.all(
      this.#tiers.map(async ({ guarded, writes }) => {
        await writes.flush(this.#parts.timeout);
        writes.close();
        await guarded.close();
      }),
    );
  }

  async #lookInto(
    guarded: SharedStore,
    key: string,
    request: SecretRequest,
  ): Promise<{ readonly isFresh: boolean; readonly isFound: boolean }> {
    const stored = await this.#read(guarded, request);
    if (stored === undefined) return { isFresh: false, isFound: false };
    const moment = this.#momentOf(stored);
    const isRevoked = (): boolean => this.#isRevoked(guarded, request, moment);
    const fetchedAt = this.#doubts.covers(request, moment) ? undefined : moment.now;
    const { isKept, isFresh } = await this.#parts.offer(key, request, {
      secret: secretOf(stored),
      fetchedAt,
      isRevoked,
    });
    if (isKept && isFresh && !isRevoked()) this.#handOn(guarded, { key, request, stored });
    return { isFresh, isFound: true };
  }

  /** What one store has that the others lack: a file must not stay behind what came by way of Redis. */
  #handOn(
    from: SharedStore,
    { key, request, stored }: { readonly key: string; readonly request: SecretRequest; readonly stored: StoredSecret },
  ): void {
    for (const { guarded, writes } of this.#tiers) {
      if (guarded !== from) void writes.push(key, { kind: 'write', request, stored, replaces: false });
    }
  }

  /** What the store holds, if it is what was asked for and may be served; else it is taken out there. */
  async #read(guarded: SharedStore, request: SecretRequest): Promise<StoredSecret | undefined> {
    const answer = await guarded.attempt('read', request.name, (store) => store.read(request));
    if (answer?.value === undefined) return undefined;
    const checked = checkStored(answer.value, request);
    if ('mistake' in checked) {
      const tier = this.#tiers.find((candidate) => candidate.guarded === guarded);
      const key = cacheKey(request, this.#parts.usualStage);
      tier?.guarded.dropped(request.name, checked.mistake);
      void tier?.writes.push(key, { kind: 'remove', request, removedAt: this.#untilNow() });
      return undefined;
    }
    const { stored } = checked;
    this.#latest = Math.max(this.#latest, stored.fetchedAt);
    return this.#isRevoked(guarded, request, this.#momentOf(stored)) ? undefined : stored;
  }

  #isRevoked(guarded: SharedStore, request: SecretRequest, fetchedAt: Moment): boolean {
    const tier = this.#tiers.find((candidate) => candidate.guarded === guarded);
    const key = cacheKey(request, this.#parts.usualStage);
    return this.#tombstones.covers(request, fetchedAt) || tier?.writes.removes(key, request.name, fetchedAt) === true;
  }

  #hear(guarded: GuardedStore, news: StoreEvent): void {
    switch (news.kind) {
      case 'written':
        // Whoever brings it was given it after the refusal.
        this.#doubts.lift(news.request);
        this.#parts.onNews(guarded, news);
        return;
      case 'removed':
        this.#doubts.buryAll(news.name, this.#untilNow());
        this.#parts.onNews(guarded, news);
        return;
      case 'dropped':
        guarded.dropped(news.name, news.reason);
        return;
      case 'unavailable':
        guarded.isAway(news.reason);
        return;
      case 'recovered':
        guarded.works();
        return;
      default:
        news satisfies never;
    }
  }

  #tierOf(store: SecretStore): Tier {
    const { clock, timeout, tell } = this.#parts;
    const guarded = new GuardedStore({ store, clock, timeout, tell, onBack: () => void writes.drain() });
    const writes = new StoreWrites(guarded, clock);
    return { guarded, writes };
  }

  /** Up to when all that was fetched is meant: of a calendar that was set back, to the time from which it was. */
  #untilNow(): Moment {
    return { date: Math.max(this.#clock.date(), this.#latest), now: this.#clock.now() };
  }

  #momentOf({ fetchedAt }: StoredSecret): Moment {
    return { date: fetchedAt, now: this.#nowOf(fetchedAt) };
  }

  #dateOf(now: number): number {
    return this.#clock.date() - (this.#clock.now() - now);
  }

  /** `undefined` for a time to come; the clocks of a fleet may differ a little. */
  #nowOf(date: number): number | undefined {
    const age = this.#clock.date() - date;
    return age < -skew ? undefined : this.#clock.now() - Math.max(age, 0);
  }
}

/** The secret as it is stored; nothing is written that would not be believed when it is read. */
function storable(
  secret: Secret,
  { request, fetchedAt }: { readonly request: SecretRequest; readonly fetchedAt: number },
): StoredSecret | undefined {
  try {
    const checked = checkStored(storedOf(secret, fetchedAt), request);
    return 'stored' in checked ? checked.stored : undefined;
  } catch {
    return undefined; // One that somebody made wrongly, and that memory may hold all the same.
  }
}
