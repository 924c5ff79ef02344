import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Instant } from './tombstones.ts';

export type StoreChange =
  | {
      readonly kind: 'write';
      readonly request: SecretRequest;
      readonly stored: StoredSecret;
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
  readonly #writes = new Set<string>();
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

  oldest(count: number): readonly string[] {
    return firstOf(this.#all.keys(), count);
  }

  oldestWrites(count: number): readonly string[] {
    return firstOf(this.#writes, count);
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
    if (change.kind === 'write') {
      this.#writes.add(id);
      this.#characters += change.stored.value.length;
    }
    if (change.kind === 'removeAll') return;
    const { name } = change.request;
    this.#idsByName.set(name, (this.#idsByName.get(name) ?? new Set()).add(id));
  }

  take(id: string): PendingChange | undefined {
    const pending = this.#all.get(id);
    if (pending === undefined) return undefined;
    this.#all.delete(id);
    this.#writes.delete(id);
    if (pending.change.kind === 'write') this.#characters -= pending.change.stored.value.length;
    if (pending.change.kind === 'removeAll') return pending;
    const { name } = pending.change.request;
    const ids = this.#idsByName.get(name);
    ids?.delete(id);
    if (ids?.size === 0) this.#idsByName.delete(name);
    return pending;
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
