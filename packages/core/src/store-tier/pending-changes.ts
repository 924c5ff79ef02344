import type { StoredSecret } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';
import type { Moment } from './tombstones.ts';

export type StoreChange =
  | {
      readonly kind: 'write';
      readonly request: SecretRequest;
      readonly stored: StoredSecret;
      /** What is there is removed first: it is from a time that has not come yet, and would not give way. */
      readonly replaces: boolean;
    }
  /** An entry that was fetched up to `removedAt` must not be served while the removal waits. */
  | { readonly kind: 'remove'; readonly request: SecretRequest; readonly removedAt: Moment }
  | { readonly kind: 'removeAll'; readonly name: string; readonly removedAt: Moment };

export interface WaitingChange {
  readonly change: StoreChange;
  readonly tries: number;
  /** How many changes the store had taken by the time it was first asked to take this one. */
  readonly since: number;
  /** Called when it is done, or will never be. */
  readonly end: () => void;
}

/**
 * The changes that wait for one store, by what they are about, in the order in which they were asked for.
 *
 * While a store is away there may be thousands: neither the oldest value nor what is about one secret is searched for.
 */
export class WaitingChanges {
  readonly #all = new Map<string, WaitingChange>();
  readonly #writes = new Set<string>();
  /** Which of them are about one stage or version of a secret, by its name. */
  readonly #parts = new Map<string, Set<string>>();

  get size(): number {
    return this.#all.size;
  }

  /** How many of them hold a value. */
  get writes(): number {
    return this.#writes.size;
  }

  oldest(count: number): readonly string[] {
    return firstOf(this.#all.keys(), count);
  }

  oldestWrites(count: number): readonly string[] {
    return firstOf(this.#writes, count);
  }

  [Symbol.iterator](): MapIterator<[string, WaitingChange]> {
    return this.#all.entries();
  }

  has(id: string): boolean {
    return this.#all.has(id);
  }

  get(id: string): WaitingChange | undefined {
    return this.#all.get(id);
  }

  /** What waits of the stages and versions of a secret. */
  idsOf(name: string): readonly string[] {
    return [...(this.#parts.get(name) ?? [])];
  }

  /** Behind all others; nothing may wait by that id. */
  add(id: string, waiting: WaitingChange): void {
    const { change } = waiting;
    this.#all.set(id, waiting);
    if (change.kind === 'write') this.#writes.add(id);
    if (change.kind === 'removeAll') return;
    const { name } = change.request;
    this.#parts.set(name, (this.#parts.get(name) ?? new Set()).add(id));
  }

  take(id: string): WaitingChange | undefined {
    const waiting = this.#all.get(id);
    if (waiting === undefined) return undefined;
    this.#all.delete(id);
    this.#writes.delete(id);
    if (waiting.change.kind === 'removeAll') return waiting;
    const { name } = waiting.change.request;
    const parts = this.#parts.get(name);
    parts?.delete(id);
    if (parts?.size === 0) this.#parts.delete(name);
    return waiting;
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
