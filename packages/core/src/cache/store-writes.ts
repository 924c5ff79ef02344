// What a store has yet to be told: the newest of each secret, in order, in the background, and again until it is done.

import type { Clock } from '../clock.ts';
import type { SecretStore, StoredSecret } from '../store.ts';
import type { SecretRequest } from '../transport.ts';
import { orAfter } from '../waits.ts';
import type { GuardedStore } from './guarded-store.ts';

export type StoreChange =
  | {
      readonly kind: 'write';
      readonly request: SecretRequest;
      readonly stored: StoredSecret;
      /** What is there is removed first: it is from a time that has not come yet, and would not give way. */
      readonly replaces: boolean;
    }
  | { readonly kind: 'remove'; readonly request: SecretRequest }
  | { readonly kind: 'removeAll'; readonly name: string };

interface Waiting {
  readonly change: StoreChange;
  readonly tries: number;
  /** How many changes the store had taken by the time it was first asked to take this one. */
  readonly since: number;
  /** Called when it is done, or will never be. */
  readonly end: () => void;
}

/** While a store is away: values are let go beyond so many, the oldest first; removals, which hold none, beyond more. */
const mostWrites = 1_000;
const mostChanges = 20_000;

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
  /** By what they are about; the order is that in which they were asked for. */
  #waiting = new Map<string, Waiting>();
  #underWay = 0;
  #draining: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(store: GuardedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Of what the store has not taken yet, what it is being told just now included. */
  get size(): number {
    return this.#waiting.size + this.#underWay;
  }

  /** Takes the place of what waits for the same key; resolves when it is done, or will never be. */
  push(key: string, change: StoreChange): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    const id = change.kind === 'removeAll' ? `\u0000${change.name}` : key;
    if (change.kind === 'removeAll') this.#forgetAll(change.name);
    this.#drop(id);
    const done = new Promise<void>((end) => {
      this.#waiting.set(id, { change, tries: 0, since: this.#store.changes, end });
    });
    this.#bound();
    void this.drain();
    return done;
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
    await orAfter(this.drain(), this.#clock, { ms, late: () => undefined });
  }

  /** Nothing is taken any more, and what still waits is let go. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    for (const { end } of this.#waiting.values()) end();
    this.#waiting.clear();
  }

  /** Whether it must be tried again later. */
  async #drain(): Promise<boolean> {
    // A turn later: what is pushed together is told together.
    await Promise.resolve();
    while (this.#waiting.size > 0 && this.#store.restsFrom('write') === 0) {
      const wave = this.#takeWave();
      this.#underWay = wave.length;
      const outcomes = await Promise.all(wave.map(([, { change }]) => this.#tell(change)));
      this.#underWay = 0;
      const failed = wave.filter((_, index) => outcomes[index] === false);
      for (const [index, [, { end }]] of wave.entries()) if (outcomes[index] === true) end();
      this.#putBack(failed);
      if (failed.length > 0) return true;
    }
    return this.#waiting.size > 0;
  }

  /** Changes of one kind, from the front: no two of them can be about the same entry. */
  #takeWave(): readonly (readonly [string, Waiting])[] {
    const wave: (readonly [string, Waiting])[] = [];
    for (const [id, waiting] of this.#waiting) {
      if (wave.length === atOnce || waiting.change.kind !== (wave[0]?.[1] ?? waiting).change.kind) break;
      wave.push([id, waiting]);
    }
    for (const [id] of wave) this.#waiting.delete(id);
    return wave;
  }

  async #tell(change: StoreChange): Promise<boolean> {
    const name = change.kind === 'removeAll' ? change.name : change.request.name;
    const done = await this.#store.attempt(change.kind, name, (store) => carryOut(store, change));
    return done !== undefined;
  }

  /** In front of what came meanwhile, unless that is newer. */
  #putBack(failed: readonly (readonly [string, Waiting])[]): void {
    const meanwhile = this.#waiting;
    this.#waiting = new Map();
    for (const [id, waiting] of failed) {
      const { change, end } = waiting;
      const tries = waiting.tries + 1;
      const isHopeless = change.kind === 'write' && tries >= mostTries && this.#store.changes > waiting.since;
      const isNoNews =
        meanwhile.has(id) || (change.kind !== 'removeAll' && meanwhile.has(`\u0000${change.request.name}`));
      if (isHopeless || isNoNews || this.#isClosed) end();
      else this.#waiting.set(id, { ...waiting, tries });
    }
    for (const [id, waiting] of meanwhile) this.#waiting.set(id, waiting);
  }

  #tryLater(): void {
    if (this.#isClosed) return;
    this.#cancel?.();
    this.#cancel = this.#clock.after(Math.max(this.#store.restsFrom('write'), pause), () => void this.drain());
  }

  #forgetAll(name: string): void {
    for (const [id, { change }] of this.#waiting) {
      if (change.kind !== 'removeAll' && change.request.name === name) this.#drop(id);
    }
  }

  #bound(): void {
    const writes = [...this.#waiting].filter(([, { change }]) => change.kind === 'write');
    for (const [id] of writes.slice(0, Math.max(writes.length - mostWrites, 0))) this.#drop(id);
    for (const id of this.#waiting.keys()) {
      if (this.#waiting.size <= mostChanges) return;
      this.#drop(id);
    }
  }

  #drop(id: string): void {
    this.#waiting.get(id)?.end();
    this.#waiting.delete(id);
  }
}

async function carryOut(store: SecretStore, change: StoreChange): Promise<void> {
  if (change.kind === 'removeAll') return store.removeAll(change.name);
  if (change.kind === 'remove') return store.remove(change.request);
  if (change.replaces) await store.remove(change.request);
  return store.write(change.request, change.stored);
}
