import type { Clock } from '../time/clock.ts';
import type { SecretStore } from '../ports/store.ts';
import { withTimeout } from '../time/deadline.ts';
import type { GuardedStore } from './guarded-store.ts';
import { PendingChanges } from './pending-changes.ts';
import type { PendingChange, StoreChange } from './pending-changes.ts';
import { isAfter } from './tombstones.ts';
import type { Instant } from './tombstones.ts';

/** Above these numbers the oldest changes are dropped. A start may write thousands of secrets at once. */
const maxPendingChanges = 20_000;
/** The values of all pending writes together, in characters. Most of them are in memory anyway. */
const maxPendingCharacters = 33_554_432;
/** The share that is dropped at once, because finding the oldest skips over all ids that were deleted before it. */
const evictionShare = 1 / 16;
/** Failed attempts after which a write is dropped, if the store completed other changes in between. */
const maxWriteAttempts = 5;
/** Concurrent changes. A store on disk syncs once for all of them. */
const batchSize = 64;
/** Minimum delay before a retry (ms). */
const writeRetryDelay = 1_000;

/**
 * Applies writes and removals to one store in the background: in order, the latest one per entry, and repeatedly until they
 * succeed.
 */
export class WriteQueue {
  readonly #store: GuardedStore;
  readonly #clock: Clock;
  #pending = new PendingChanges();
  /** Removals that were queued while the store is skipped, and that it has not attempted. */
  readonly #unattempted = new Set<string>();
  /** The batch that the store is applying. */
  #inFlight: ReadonlyMap<string, PendingChange> = new Map();
  #draining: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  /** Changes that were dropped since the last report. */
  #lost = 0;
  #isClosed = false;

  constructor(store: GuardedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The number of changes that the store has not completed. */
  get size(): number {
    return this.#pending.size + this.#inFlight.size;
  }

  /** Replaces a pending change of the same key. Resolves when the change is done or dropped. */
  push(key: string, change: StoreChange): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const id = change.kind === 'removeAll' ? removeAllId(change.name) : key;
    if (change.kind === 'removeAll') for (const part of this.#pending.idsOf(change.name)) this.#drop(part);
    this.#drop(id);
    const done = new Promise<void>((settle) => {
      this.#pending.add(id, { change, attempts: 0, completedBefore: this.#store.completedChanges, settle });
    });
    if (change.kind !== 'write') this.#unattempted.add(id);
    this.#evict();
    void this.drain();
    return done;
  }

  /**
   * Whether a removal that the store has not completed covers an entry of this age. Tombstones cover most of these, but a
   * later fetch of another stage clears the tombstone of a name, and the oldest tombstones are evicted.
   */
  isRemoving(key: string, name: string, fetchedAt: Instant): boolean {
    return [key, removeAllId(name)].some((id) =>
      [this.#pending.get(id), this.#inFlight.get(id)].some(
        (pending) =>
          pending !== undefined && pending.change.kind !== 'write' && !isAfter(fetchedAt, pending.change.removedAt),
      ),
    );
  }

  /** Applies the pending changes until none is left or the store fails. Never rejects. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().then((hasFailed) => {
      this.#draining = undefined;
      this.#reportLost();
      if (this.#pending.size === 0) return;
      if (hasFailed) this.#scheduleRetry();
      else void this.drain();
    });
    return this.#draining;
  }

  /**
   * Applies the pending changes before the store is closed, for at most `ms` milliseconds. Attempts each removal once more, even
   * if the store is skipped: the next process must not serve what KMS refused to this one.
   */
  async flush(ms: number): Promise<void> {
    if (this.#pending.size === 0 && this.#draining === undefined) return;
    const drain = async (): Promise<void> => {
      await this.#draining;
      for (const [id, { change }] of this.#pending) if (change.kind !== 'write') this.#unattempted.add(id);
      await this.drain();
    };
    await withTimeout(drain(), this.#clock, { ms, onTimeout: () => undefined });
  }

  /** Drops the pending changes and accepts no more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
    for (const [id] of this.#pending) this.#drop(id);
  }

  /** Resolves to true if a retry is needed. */
  async #drain(): Promise<boolean> {
    // Changes of the same turn of the event loop go into one batch.
    await Promise.resolve();
    while (this.#pending.size > 0) {
      const isSkipped = this.#store.skippedFor('write') > 0;
      // A refusal is not put off: this process may end before the store is attempted again.
      const batch = isSkipped ? this.#takeBatch(this.#unattempted) : this.#takeBatch();
      if (batch.size === 0) break;
      this.#inFlight = batch;
      const results = await Promise.all([...batch.values()].map(({ change }) => this.#apply(change)));
      this.#inFlight = new Map();
      const failed = [...batch].filter((_, index) => results[index] === false);
      for (const [index, { settle }] of [...batch.values()].entries()) if (results[index] === true) settle();
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

  async #apply(change: StoreChange): Promise<boolean> {
    const name = change.kind === 'removeAll' ? change.name : change.request.name;
    const apply = (store: SecretStore): Promise<void> => applyTo(store, change);
    const result = await (change.kind === 'write'
      ? this.#store.run('write', name, apply)
      : this.#store.runUnskipped(change.kind, name, apply));
    return result !== undefined;
  }

  /** Puts failed changes in front of those that were queued since, unless a newer one replaces them. */
  #requeue(failed: readonly (readonly [string, PendingChange])[]): void {
    const newer = this.#pending;
    this.#pending = new PendingChanges();
    for (const [id, pending] of failed) {
      const { change, settle } = pending;
      const attempts = pending.attempts + 1;
      const isRefused =
        change.kind === 'write' &&
        attempts >= maxWriteAttempts &&
        this.#store.completedChanges > pending.completedBefore;
      const isReplaced = newer.has(id) || (change.kind !== 'removeAll' && newer.has(removeAllId(change.request.name)));
      if (isRefused || isReplaced || this.#isClosed) settle();
      else this.#pending.add(id, { ...pending, attempts });
    }
    for (const [id, pending] of newer) this.#pending.add(id, pending);
  }

  #scheduleRetry(): void {
    if (this.#isClosed) return;
    this.#cancelRetry?.();
    const delay = Math.max(this.#store.skippedFor('write'), writeRetryDelay);
    this.#cancelRetry = this.#clock.setUnrefTimer(delay, () => void this.drain());
  }

  #evict(): void {
    if (this.#pending.characters > maxPendingCharacters) {
      this.#lose(this.#pending.oldestWrites(Math.ceil(this.#pending.writeCount * evictionShare)));
    }
    if (this.#pending.size > maxPendingChanges) this.#lose(this.#pending.oldest(maxPendingChanges * evictionShare));
  }

  /** The next refresh writes the values again. The report says how many are missing until then. */
  #lose(ids: readonly string[]): void {
    for (const id of ids) this.#drop(id);
    this.#lost += ids.length;
  }

  #reportLost(): void {
    if (this.#lost === 0) return;
    this.#store.reportLost(this.#lost);
    this.#lost = 0;
  }

  #drop(id: string): void {
    this.#unattempted.delete(id);
    this.#pending.take(id)?.settle();
  }
}

/** Differs from every key, because names contain no control characters. */
function removeAllId(name: string): string {
  return `\u0000${name}`;
}

async function applyTo(store: SecretStore, change: StoreChange): Promise<void> {
  if (change.kind === 'removeAll') return store.removeAll(change.name);
  if (change.kind === 'remove') return store.remove(change.request);
  if (change.replaces) await store.remove(change.request);
  return store.write(change.request, change.stored);
}
