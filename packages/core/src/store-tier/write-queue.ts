// What a store has yet to be told: the newest of each secret, in order, in the background, and again until it is done.

import type { Clock } from '../time/clock.ts';
import type { SecretStore } from '../ports/store.ts';
import { withTimeout } from '../time/deadline.ts';
import type { GuardedStore } from './guarded-store.ts';
import { WaitingChanges } from './pending-changes.ts';
import type { StoreChange, WaitingChange } from './pending-changes.ts';
import { isAfter } from './tombstones.ts';
import type { Moment } from './tombstones.ts';

/** While a store is away: values are let go beyond so many, the oldest first; removals, which hold none, beyond more. */
const mostWrites = 1_000;
const mostChanges = 20_000;

/** What is too much goes by so large a share: the oldest is found by passing over all that went before it. */
const share = 1 / 16;

/** A store that takes others in between, and refuses one again and again, will not take it. */
const mostTries = 5;

/** So many are under way at once: a store on disk makes one fsync of them. */
const atOnce = 64;

/** Between two tries to get rid of what is waiting. */
const pause = 1_000;

/** The changes that wait for one store. */
export class StoreWrites {
  readonly #store: GuardedStore;
  readonly #clock: Clock;
  #waiting = new WaitingChanges();
  #underWay = new Map<string, WaitingChange>();
  #draining: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(store: GuardedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Of what the store has not taken yet, what it is being told just now included. */
  get size(): number {
    return this.#waiting.size + this.#underWay.size;
  }

  /** Takes the place of what waits for the same key; resolves when it is done, or will never be. */
  push(key: string, change: StoreChange): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const id = change.kind === 'removeAll' ? allOf(change.name) : key;
    if (change.kind === 'removeAll') for (const part of this.#waiting.idsOf(change.name)) this.#drop(part);
    this.#drop(id);
    const done = new Promise<void>((end) => {
      this.#waiting.add(id, { change, tries: 0, since: this.#store.changes, end });
    });
    this.#bound();
    void this.drain();
    return done;
  }

  /**
   * Whether the store may still hold an entry only because a removal of it has not been carried out. Tombstones cover most
   * of these; a later fetch lifts the tombstone of all versions of a secret, and the oldest tombstones are evicted.
   */
  removes(key: string, name: string, fetchedAt: Moment): boolean {
    const ids = [key, allOf(name)];
    const pending = ids.flatMap((id) => [this.#waiting.get(id) ?? [], this.#underWay.get(id) ?? []].flat());
    return pending.some(({ change }) => change.kind !== 'write' && !isAfter(fetchedAt, change.removedAt));
  }

  /** Tells the store what waits, until all is told or the store fails. Never rejects. */
  drain(): Promise<void> {
    this.#draining ??= this.#drain().then((isStuck) => {
      this.#draining = undefined;
      if (this.#waiting.size === 0) return;
      if (isStuck) this.#tryLater();
      else void this.drain();
    });
    return this.#draining;
  }

  /** Tells the store all that waits, if it can be done within `ms`. */
  async flush(ms: number): Promise<void> {
    if (this.#waiting.size === 0 && this.#draining === undefined) return;
    await withTimeout(this.drain(), this.#clock, { ms, onTimeout: () => undefined });
  }

  /** Nothing is taken any more, and what still waits is let go. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    for (const [id] of this.#waiting) this.#drop(id);
  }

  /** Whether it must be tried again later. */
  async #drain(): Promise<boolean> {
    // A turn later: what is pushed together is told together.
    await Promise.resolve();
    while (this.#waiting.size > 0 && this.#store.restsFrom('write') === 0) {
      const wave = this.#takeWave();
      this.#underWay = new Map(wave);
      const outcomes = await Promise.all(wave.map(([, { change }]) => this.#tell(change)));
      this.#underWay.clear();
      const failed = wave.filter((_, index) => outcomes[index] === false);
      for (const [index, [, { end }]] of wave.entries()) if (outcomes[index] === true) end();
      this.#putBack(failed);
      if (failed.length > 0) return true;
    }
    return this.#waiting.size > 0;
  }

  /** Changes of one kind, from the front: no two of them can be about the same entry. */
  #takeWave(): readonly (readonly [string, WaitingChange])[] {
    const wave: (readonly [string, WaitingChange])[] = [];
    for (const [id, waiting] of this.#waiting) {
      if (wave.length === atOnce || waiting.change.kind !== (wave[0]?.[1] ?? waiting).change.kind) break;
      wave.push([id, waiting]);
    }
    for (const [id] of wave) this.#waiting.take(id);
    return wave;
  }

  async #tell(change: StoreChange): Promise<boolean> {
    const name = change.kind === 'removeAll' ? change.name : change.request.name;
    const done = await this.#store.attempt(change.kind, name, (store) => carryOut(store, change));
    return done !== undefined;
  }

  /** In front of what came meanwhile, unless that is newer. */
  #putBack(failed: readonly (readonly [string, WaitingChange])[]): void {
    const meanwhile = this.#waiting;
    this.#waiting = new WaitingChanges();
    for (const [id, waiting] of failed) {
      const { change, end } = waiting;
      const tries = waiting.tries + 1;
      const isHopeless = change.kind === 'write' && tries >= mostTries && this.#store.changes > waiting.since;
      const isNoNews = meanwhile.has(id) || (change.kind !== 'removeAll' && meanwhile.has(allOf(change.request.name)));
      if (isHopeless || isNoNews || this.#isClosed) end();
      else this.#waiting.add(id, { ...waiting, tries });
    }
    for (const [id, waiting] of meanwhile) this.#waiting.add(id, waiting);
  }

  #tryLater(): void {
    if (this.#isClosed) return;
    this.#cancel?.();
    this.#cancel = this.#clock.setUnrefTimer(Math.max(this.#store.restsFrom('write'), pause), () => void this.drain());
  }

  #bound(): void {
    const { writes, size } = this.#waiting;
    if (writes > mostWrites) for (const id of this.#waiting.oldestWrites(mostWrites * share)) this.#drop(id);
    if (size > mostChanges) for (const id of this.#waiting.oldest(mostChanges * share)) this.#drop(id);
  }

  #drop(id: string): void {
    this.#waiting.take(id)?.end();
  }
}

/** No key begins like that: a name holds no control character. */
function allOf(name: string): string {
  return `\u0000${name}`;
}

async function carryOut(store: SecretStore, change: StoreChange): Promise<void> {
  if (change.kind === 'removeAll') return store.removeAll(change.name);
  if (change.kind === 'remove') return store.remove(change.request);
  if (change.replaces) await store.remove(change.request);
  return store.write(change.request, change.stored);
}
