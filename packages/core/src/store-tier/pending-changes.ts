import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Instant } from './tombstones.ts';

export type StoreChange =
  | {
      readonly kind: 'write';
      readonly request: SecretRequest;
      /** `undefined`: too many values wait, so it is taken from memory when it is written. */
      readonly stored: StoredSecret | undefined;
      /** Remove the present entry first: its fetch time is in the future, so the store would keep it. */
      readonly replaces: boolean;
    }
  /** An entry that was fetched up to `removedAt` must not be served while the removal is pending. */
  | { readonly kind: 'remove'; readonly request: SecretRequest; readonly removedAt: Instant }
  | { readonly kind: 'removeAll'; readonly name: string; readonly removedAt: Instant };

export interface PendingChange {
  readonly change: StoreChange;
  /** Attempts that have failed. */
  readonly attempts: number;
  /** How many changes the store had completed when this one was queued. */
  readonly completedBefore: number;
  /** Called when the change is done or dropped. */
  readonly settle: () => void;
}

/**
 * The pending changes of one store by id, in order.
 *
 * Thousands may be pending during an outage, so the oldest value and the changes of one secret are found by index.
 */
export class PendingChanges {
  readonly #all = new Map<string, PendingChange>();
  /** Writes that hold their value. */
  readonly #writes = new Set<string>();
  readonly #removals = new Set<string>();
  #characters = 0;
  /** The ids of changes of one stage or version, by the secret's name. */
  readonly #idsByName = new Map<string, Set<string>>();

  get size(): number {
    return this.#all.size;
  }

  /** The number of changes that hold a value. */
  get writeCount(): number {
    return this.#writes.size;
  }

  /** The length of all values. */
  get characters(): number {
    return this.#characters;
  }

  get removalCount(): number {
    return this.#removals.size;
  }

  oldest(count: number): readonly string[] {
    return firstOf(this.#all.keys(), count);
  }

  oldestRemovals(count: number): readonly string[] {
    return firstOf(this.#removals, count);
  }

  /** Forgets the values of the oldest writes, which then are taken from memory. */
  forgetValues(count: number): void {
    for (const id of firstOf(this.#writes, count)) this.#setValue(id, undefined);
  }

  /** Takes the values from memory that were forgotten. */
  restoreValues(load: (key: string, request: SecretRequest) => StoredSecret | undefined): void {
    for (const [id, { change }] of this.#all) {
      if (change.kind === 'write' && change.stored === undefined) this.#setValue(id, load(id, change.request));
    }
  }

  [Symbol.iterator](): MapIterator<[string, PendingChange]> {
    return this.#all.entries();
  }

  ids(): Iterable<string> {
    return this.#all.keys();
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  get(id: string): PendingChange | undefined {
    return this.#all.get(id);
  }

  /** The ids of the changes of single stages and versions of a secret. */
  idsOf(name: string): readonly string[] {
    return [...(this.#idsByName.get(name) ?? [])];
  }

  /** Appends a change. No other change may have this id. */
  add(id: string, pending: PendingChange): void {
    const { change } = pending;
    this.#all.set(id, pending);
    this.#countValue(id, change);
    if (change.kind !== 'write') this.#removals.add(id);
    if (change.kind === 'removeAll') return;
    const { name } = change.request;
    this.#idsByName.set(name, (this.#idsByName.get(name) ?? new Set()).add(id));
  }

  take(id: string): PendingChange | undefined {
    const pending = this.#all.get(id);
    if (pending === undefined) return undefined;
    this.#all.delete(id);
    this.#removals.delete(id);
    this.#uncountValue(id, pending.change);
    if (pending.change.kind === 'removeAll') return pending;
    const { name } = pending.change.request;
    const ids = this.#idsByName.get(name);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsByName.delete(name);
    return pending;
  }

  #setValue(id: string, stored: StoredSecret | undefined): void {
    const pending = this.#all.get(id);
    if (pending?.change.kind !== 'write') return;
    this.#uncountValue(id, pending.change);
    const change = { ...pending.change, stored };
    this.#all.set(id, { ...pending, change });
    this.#countValue(id, change);
  }

  #countValue(id: string, change: StoreChange): void {
    if (change.kind !== 'write' || change.stored === undefined) return;
    this.#writes.add(id);
    this.#characters += change.stored.value.length;
  }

  #uncountValue(id: string, change: StoreChange): void {
    if (!this.#writes.delete(id) || change.kind !== 'write') return;
    this.#characters -= change.stored?.value.length ?? 0;
  }
}

/** `Iterator.prototype.take` is not in Node 20. */
function firstOf(ids: Iterable<string>, count: number): readonly string[] {
  const first: string[] = [];
  for (const id of ids) {
    if (first.length >= count) break;
    first.push(id);
  }
  return first;
}
