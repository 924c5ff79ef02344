import type { Clock } from '../time/clock.ts';
import type { SecretStore, StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { withTimeout } from '../time/deadline.ts';
import type { GuardedStore } from './guarded-store.ts';
import { PendingChanges } from './pending-changes.ts';
import type { PendingChange, StoreChange } from './pending-changes.ts';
import { isAfter } from './tombstones.ts';
import type { Instant } from './tombstones.ts';

/** Above these numbers the oldest changes are dropped. A start may write as many secrets as memory holds at once. */
const maxPendingChanges = 100_000;
const maxPendingRemovals = 20_000;
/** The values of all pending writes together, in characters. Above it, the oldest values are forgotten and taken from memory later. */
const maxPendingCharacters = 33_554_432;
/** The share that is dropped at once, because finding the oldest skips over all ids that were deleted before it. */
const evictionShare = 1 / 16;
/** Failed attempts after which a write is dropped, if the store completed other changes in between. */
const maxWriteAttempts = 5;
/** Concurrent changes. A store on disk syncs once for all of them. */
const batchSize = 64;
/** Minimum delay before a retry (ms). */
const writeRetryDelay = 1_000;
/** Delay before changes of an unavailable part of the store are retried (ms), unless the store reports that the part has recovered. */
const partRetryDelay = 10_000;

type ApplyResult = 'done' | 'failed' | 'partFailed' | 'lost';
/** Returns the value in memory as KMS returned it. */
type LoadValue = (key: string, request: SecretRequest) => StoredSecret | undefined;

/**
 * Applies writes and removals to one store in the background: in order, the latest one per entry, and repeatedly until they
 * succeed. Those of an unavailable part of the store, such as a node of a cluster, wait aside and delay no others.
 */
export class WriteQueue {
  readonly #store: GuardedStore;
  readonly #clock: Clock;
  readonly #load: LoadValue;
  #pending = new PendingChanges();
  /** Changes of unavailable parts of the store. */
  #deferred = new PendingChanges();
  /** Removals that were queued while the store is skipped, and that it has not attempted. */
  readonly #unattempted = new Set<string>();
  /** The batch that the store is applying. */
  #inFlight: ReadonlyMap<string, PendingChange> = new Map();
  #draining: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelDeferredRetry: (() => void) | undefined;
  /** Changes that were dropped since the last report. */
  #lost = 0;
  /** What `flush` attempts although the store is skipped. */
  #flushing: 'nothing' | 'removals' | 'all' = 'nothing';
  #isClosed = false;

  constructor(store: GuardedStore, clock: Clock, load: LoadValue = () => undefined) {
    this.#store = store;
    this.#clock = clock;
    this.#load = load;
  }

  /** The number of changes that the store has not completed. */
  get size(): number {
    return this.#pending.size + this.#inFlight.size + this.#deferred.size;
  }

  /** Replaces a pending change of the same key. Resolves when the change is done or dropped. */
  push(key: string, change: StoreChange): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const id = change.kind === 'removeAll' ? removeAllId(change.name) : key;
    if (change.kind === 'removeAll') {
      for (const changes of [this.#pending, this.#deferred])
        for (const one of changes.idsOf(change.name)) this.#drop(one);
    }
    this.#drop(id);
    const isAfterDeferred = change.kind !== 'removeAll' && this.#deferred.has(removeAllId(change.request.name));
    const done = new Promise<void>((settle) => {
      (isAfterDeferred ? this.#deferred : this.#pending).add(id, {
        change,
        attempts: 0,
        completedBefore: this.#store.completedChanges,
        settle,
      });
    });
    if (change.kind !== 'write') this.#unattempted.add(id);
    this.#evict();
    void this.#start();
    return done;
  }

  /**
   * Whether a removal that the store has not completed covers an entry of this age. Tombstones cover most of these, but a
   * later fetch of another stage clears the tombstone of a name, and the oldest tombstones are evicted.
   */
  isRemoving(key: string, name: string, fetchedAt: Instant): boolean {
    return [key, removeAllId(name)].some((id) =>
      [this.#pending.get(id), this.#inFlight.get(id), this.#deferred.get(id)].some(
        (pending) =>
          pending !== undefined && pending.change.kind !== 'write' && !isAfter(fetchedAt, pending.change.removedAt),
      ),
    );
  }

  /** Applies the pending changes until none is left or the store fails. Never rejects. */
  drain(): Promise<void> {
    this.#requeueDeferred();
    return this.#start();
  }

  /** Takes the values from memory that were forgotten, because memory is about to be cleared. */
  restoreValues(): void {
    for (const changes of [this.#pending, this.#deferred]) changes.restoreValues(this.#load);
  }

  /**
   * Applies the pending changes before the store is closed, for at most `ms` milliseconds, also if the store is skipped. Removals go
   * first: the next process must not serve what KMS refused to this one. Then the writes, until one fails: the next process may
   * start while KMS is down.
   */
  async flush(ms: number): Promise<void> {
    if (this.size === 0 && this.#draining === undefined) return;
    const drain = async (): Promise<void> => {
      await this.#draining;
      this.#requeueDeferred();
      for (const [id, { change }] of this.#pending) if (change.kind !== 'write') this.#unattempted.add(id);
      for (const flushing of ['removals', 'all'] as const) {
        this.#flushing = flushing;
        await this.drain();
      }
    };
    await withTimeout(drain(), this.#clock, { ms, onTimeout: () => undefined });
  }

  /** Drops the pending changes and accepts no more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelDeferredRetry?.();
    for (const changes of [this.#pending, this.#deferred]) for (const [id] of changes) this.#drop(id);
  }

  #start(): Promise<void> {
    this.#draining ??= this.#drain().then((hasFailed) => {
      this.#draining = undefined;
      this.#reportLost();
      if (this.#pending.size === 0) return;
      if (hasFailed) this.#scheduleRetry();
      else void this.#start();
    });
    return this.#draining;
  }

  /** Resolves to true if a retry is needed. */
  async #drain(): Promise<boolean> {
    // Changes of the same turn of the event loop go into one batch.
    await Promise.resolve();
    while (this.#pending.size > 0) {
      const isSkipped =
        this.#flushing === 'nothing' ? this.#store.skippedFor('write') > 0 : this.#flushing === 'removals';
      // A refusal is not put off: this process may end before the store is attempted again.
      const batch = isSkipped ? this.#takeBatch(this.#unattempted) : this.#takeBatch();
      if (batch.size === 0) break;
      this.#inFlight = batch;
      const results = await Promise.all(Array.from(batch, ([id, { change }]) => this.#apply(id, change)));
      this.#inFlight = new Map();
      const entries = [...batch.entries()];
      const withResult = (result: ApplyResult) => entries.filter((_, index) => results[index] === result);
      for (const [, { settle }] of [...withResult('done'), ...withResult('lost')]) settle();
      this.#lost += withResult('lost').length;
      this.#defer(withResult('partFailed'));
      const failed = withResult('failed');
      this.#requeue(failed);
      if (failed.length > 0) return true;
    }
    return this.#pending.size > 0;
  }

  /**
   * Consecutive changes of one kind, so that no two of them concern the same entry. `only` restricts it to some removals, which
   * may overtake the changes before them: none of those concerns their entries.
   */
  #takeBatch(only?: ReadonlySet<string>): ReadonlyMap<string, PendingChange> {
    const batch = new Map<string, PendingChange>();
    let kind: StoreChange['kind'] | undefined;
    for (const id of only ?? this.#pending.ids()) {
      const pending = this.#pending.get(id);
      if (pending === undefined) continue;
      kind ??= pending.change.kind;
      if (batch.size === batchSize || pending.change.kind !== kind) break;
      batch.set(id, pending);
    }
    for (const id of batch.keys()) {
      this.#pending.take(id);
      this.#unattempted.delete(id);
    }
    return batch;
  }

  async #apply(id: string, change: StoreChange): Promise<ApplyResult> {
    const name = change.kind === 'removeAll' ? change.name : change.request.name;
    if (change.kind !== 'write')
      return resultOf(await this.#store.runUnskipped(change.kind, name, (store) => removeFrom(store, change)));
    const stored = change.stored ?? this.#load(id, change.request);
    if (stored === undefined) return 'lost';
    const write = async (store: SecretStore): Promise<void> => {
      if (change.replaces) await store.remove(change.request);
      await store.write(change.request, stored);
    };
    const isFlushing = this.#flushing === 'all';
    return resultOf(
      await (isFlushing ? this.#store.runUnskipped('write', name, write) : this.#store.run('write', name, write)),
    );
  }

  #requeue(failed: readonly (readonly [string, PendingChange])[]): void {
    const retried: [string, PendingChange][] = [];
    for (const [id, pending] of failed) {
      const attempts = pending.attempts + 1;
      const isRefused =
        pending.change.kind === 'write' &&
        attempts >= maxWriteAttempts &&
        this.#store.completedChanges > pending.completedBefore;
      if (isRefused) pending.settle();
      else retried.push([id, { ...pending, attempts }]);
    }
    this.#prepend(retried);
  }

  /** Sets changes aside unless a newer one replaces them. They do not count as refused: other parts of the store work. */
  #defer(failed: readonly (readonly [string, PendingChange])[]): void {
    for (const [id, pending] of failed) {
      if (this.#isClosed || isReplacedIn(this.#pending, id, pending.change)) pending.settle();
      else this.#deferred.add(id, pending);
    }
    if (this.#deferred.size === 0 || this.#isClosed) return;
    this.#cancelDeferredRetry ??= this.#clock.setUnrefTimer(partRetryDelay, () => void this.drain());
  }

  #requeueDeferred(): void {
    this.#cancelDeferredRetry?.();
    this.#cancelDeferredRetry = undefined;
    const deferred = this.#deferred;
    this.#deferred = new PendingChanges();
    if (deferred.size > 0) this.#prepend([...deferred]);
  }

  /** Puts older changes in front of those that were queued since, unless a newer one replaces them. */
  #prepend(older: readonly (readonly [string, PendingChange])[]): void {
    const newer = this.#pending;
    this.#pending = new PendingChanges();
    for (const [id, pending] of older) {
      if (this.#isClosed || isReplacedIn(newer, id, pending.change)) pending.settle();
      else this.#pending.add(id, pending);
    }
    for (const [id, pending] of newer) this.#pending.add(id, pending);
  }

  #scheduleRetry(): void {
    if (this.#isClosed) return;
    this.#cancelRetry?.();
    const delay = Math.max(this.#store.skippedFor('write'), writeRetryDelay);
    this.#cancelRetry = this.#clock.setUnrefTimer(delay, () => void this.#start());
  }

  #evict(): void {
    for (const changes of [this.#pending, this.#deferred]) {
      if (changes.characters > maxPendingCharacters) {
        changes.forgetValues(Math.ceil(changes.writeCount * evictionShare));
      }
      if (changes.removalCount > maxPendingRemovals) {
        this.#lose(changes.oldestRemovals(maxPendingRemovals * evictionShare));
      }
      if (changes.size > maxPendingChanges) this.#lose(changes.oldest(maxPendingChanges * evictionShare));
    }
  }

  /** The next refresh writes the values again. The report says how many are missing until then. */
  #lose(ids: readonly string[]): void {
    for (const id of ids) this.#drop(id);
    this.#lost += ids.length;
  }

  #reportLost(): void {
    if (this.#lost === 0) return;
    this.#store.reportLost('write', this.#lost);
    this.#lost = 0;
  }

  #drop(id: string): void {
    this.#unattempted.delete(id);
    this.#pending.take(id)?.settle();
    this.#deferred.take(id)?.settle();
  }
}

/** Differs from every key, because names contain no control characters. */
function removeAllId(name: string): string {
  return `\u0000${name}`;
}

/** Whether `changes` hold a newer change of the same entry, or a removal of the secret. */
function isReplacedIn(changes: PendingChanges, id: string, change: StoreChange): boolean {
  return changes.has(id) || (change.kind !== 'removeAll' && changes.has(removeAllId(change.request.name)));
}

function resultOf(outcome: object | undefined): ApplyResult {
  if (outcome === undefined) return 'failed';
  return 'part' in outcome ? 'partFailed' : 'done';
}

function removeFrom(store: SecretStore, change: Exclude<StoreChange, { readonly kind: 'write' }>): Promise<void> {
  return change.kind === 'removeAll' ? store.removeAll(change.name) : store.remove(change.request);
}
