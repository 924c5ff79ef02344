import type { Clock, SecretRequest, SecretStore, StoredSecret, StoreLease, StoreEvent } from '@kms-secrets/core';

export type FakeStoreOperation = 'read' | 'write' | 'remove' | 'removeAll' | 'lease';

/** What becomes of an operation: it never ends, or it fails. */
export type FakeStoreFault = 'hang' | 'throw';

interface Listening {
  readonly member: FakeStore;
  readonly listener: (news: StoreEvent) => void;
}

/** What all members of a fleet share. */
class Shelf {
  readonly entries = new Map<string, { readonly request: SecretRequest; readonly stored: unknown }>();
  readonly leases = new Map<string, { readonly owner: FakeStore; readonly until: number }>();
  readonly listening = new Set<Listening>();
}

/**
 * A `SecretStore` in memory: what a file, or a Redis that a fleet shares, would do, and what it does on a bad day.
 *
 * `fail` lets operations hang or throw, `put` puts anything at all where a secret should be, `tell` tells the news of a
 * store. With `isShared`, `join()` opens the same store for one more process: each hears of the others, and they take leases.
 */
export class FakeStore implements SecretStore {
  readonly name: string;
  /** Every operation, in the order in which they came, such as `read db`. */
  readonly operations: string[] = [];
  readonly subscribe?: NonNullable<SecretStore['subscribe']>;
  readonly lease?: NonNullable<SecretStore['lease']>;
  readonly #shelf: Shelf;
  readonly #clock: Clock | undefined;
  readonly #faults = new Map<FakeStoreOperation, FakeStoreFault>();
  #isClosed = false;

  constructor(
    options: {
      readonly name?: string;
      /** Whether it is one that several processes share. */
      readonly isShared?: boolean;
      /** Lets leases end in their time; without it they end when they are given back. */
      readonly clock?: Clock;
      /** The store whose entries it shares: see `join`. */
      readonly with?: FakeStore;
    } = {},
  ) {
    this.name = options.name ?? 'fake store';
    this.#clock = options.clock;
    this.#shelf = options.with === undefined ? new Shelf() : options.with.#shelf;
    if (options.isShared !== true) return;
    this.subscribe = (listener) => this.#subscribe(listener);
    this.lease = (request, ms) => this.#lease(request, ms);
  }

  /** The same store, as another process of the fleet has it open. */
  join(name: string = this.name): FakeStore {
    const clock = this.#clock;
    return new FakeStore({ name, isShared: this.lease !== undefined, with: this, ...(clock && { clock }) });
  }

  /** From now on these operations, or all of them, end like this. */
  fail(fault: FakeStoreFault, ...operations: readonly FakeStoreOperation[]): void {
    const all: readonly FakeStoreOperation[] = ['read', 'write', 'remove', 'removeAll', 'lease'];
    for (const operation of operations.length === 0 ? all : operations) this.#faults.set(operation, fault);
  }

  heal(): void {
    this.#faults.clear();
  }

  /** Puts something there, a secret or not, past all that a store is careful about. */
  put(request: SecretRequest, stored: unknown): void {
    this.#shelf.entries.set(keyOf(request), { request, stored });
  }

  /** What is there, past all faults. */
  peek(request: SecretRequest): unknown {
    return this.#shelf.entries.get(keyOf(request))?.stored;
  }

  get size(): number {
    return this.#shelf.entries.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Tells its own listeners something. */
  emit(news: StoreEvent): void {
    for (const { member, listener } of this.#shelf.listening) if (member === this) listener(news);
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    await this.#begin('read', request.name);
    const found = this.#shelf.entries.get(keyOf(request))?.stored;
    return found === undefined ? undefined : (structuredClone(found) as StoredSecret); // or whatever a test has put there
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#begin('write', request.name);
    const present = this.#shelf.entries.get(keyOf(request))?.stored as StoredSecret | undefined; // what we compare is checked by `>`
    if (present !== undefined && present.fetchedAt > secret.fetchedAt) return;
    this.put(request, structuredClone(secret));
    this.#tellOthers({ kind: 'written', request, fetchedAt: secret.fetchedAt });
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#begin('remove', request.name);
    if (this.#shelf.entries.delete(keyOf(request))) this.#tellOthers({ kind: 'removed', name: request.name });
  }

  async removeAll(name: string): Promise<void> {
    await this.#begin('removeAll', name);
    for (const [key, { request }] of this.#shelf.entries) if (request.name === name) this.#shelf.entries.delete(key);
    this.#tellOthers({ kind: 'removed', name });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const listening of this.#shelf.listening)
      if (listening.member === this) this.#shelf.listening.delete(listening);
    await Promise.resolve();
  }

  async #begin(operation: FakeStoreOperation, name: string): Promise<void> {
    this.operations.push(`${operation} ${name}`);
    const fault = this.#faults.get(operation);
    if (fault === 'hang') await new Promise(() => {});
    if (fault === 'throw') throw new Error(`${this.name} was told to fail.`);
    if (this.#isClosed) throw new Error(`${this.name} is closed.`);
  }

  #subscribe(listener: (news: StoreEvent) => void): () => void {
    const listening = { member: this, listener };
    this.#shelf.listening.add(listening);
    return () => {
      this.#shelf.listening.delete(listening);
    };
  }

  async #lease(request: SecretRequest, ms: number): Promise<StoreLease | undefined> {
    await this.#begin('lease', request.name);
    const key = keyOf(request);
    const now = this.#clock?.now() ?? 0;
    const present = this.#shelf.leases.get(key);
    if (present !== undefined && now < present.until) return undefined;
    const lease = { owner: this, until: this.#clock === undefined ? Number.POSITIVE_INFINITY : now + ms };
    this.#shelf.leases.set(key, lease);
    return {
      release: async () => {
        if (this.#shelf.leases.get(key) === lease) this.#shelf.leases.delete(key);
        await Promise.resolve();
      },
    };
  }

  #tellOthers(news: StoreEvent): void {
    for (const { member, listener } of this.#shelf.listening) if (member !== this) listener(news);
  }
}

function keyOf({ name, stage, versionId }: SecretRequest): string {
  return JSON.stringify([name, stage ?? null, versionId ?? null]);
}
