import type { Clock, SecretRequest, SecretStore, StoredSecret, StoreLease, StoreEvent } from '@kms-secrets/core';

export type FakeStoreOperation = 'read' | 'write' | 'remove' | 'removeAll' | 'lease';

/** `hang`: the operation never ends. `throw`: it rejects. */
export type FakeStoreFault = 'hang' | 'throw';

interface Subscription {
  readonly owner: FakeStore;
  readonly listener: (event: StoreEvent) => void;
}

/** The state that the processes of a fleet share. */
class SharedState {
  readonly entries = new Map<string, { readonly request: SecretRequest; readonly stored: unknown }>();
  readonly leases = new Map<string, { readonly owner: FakeStore; readonly until: number }>();
  readonly subscriptions = new Set<Subscription>();
}

/**
 * A `SecretStore` in memory. It behaves like a file store, or with `isShared` like a Redis that several processes share.
 *
 * `fail` makes operations hang or reject, `put` stores arbitrary data in place of a secret, and `emit` sends an event to this
 * store's subscribers. `join()` opens a shared store for another process.
 */
export class FakeStore implements SecretStore {
  readonly name: string;
  /** All operations in order, such as `read db`. */
  readonly operations: string[] = [];
  readonly subscribe?: NonNullable<SecretStore['subscribe']>;
  readonly lease?: NonNullable<SecretStore['lease']>;
  readonly #state: SharedState;
  readonly #clock: Clock | undefined;
  readonly #faults = new Map<FakeStoreOperation, FakeStoreFault>();
  #isClosed = false;

  constructor(
    options: {
      readonly name?: string;
      /** Whether several processes share the store: it then has `subscribe` and `lease`. */
      readonly isShared?: boolean;
      /** Expires leases. Without a clock they last until they are released. */
      readonly clock?: Clock;
      /** A store to share the state of. `join` sets it. */
      readonly with?: FakeStore;
    } = {},
  ) {
    this.name = options.name ?? 'fake store';
    this.#clock = options.clock;
    this.#state = options.with === undefined ? new SharedState() : options.with.#state;
    if (options.isShared !== true) return;
    this.subscribe = (listener) => this.#subscribe(listener);
    this.lease = (request, ms) => this.#lease(request, ms);
  }

  /** Opens the same store for another process. */
  join(name: string = this.name): FakeStore {
    const clock = this.#clock;
    return new FakeStore({ name, isShared: this.lease !== undefined, with: this, ...(clock && { clock }) });
  }

  /** Makes the given operations, or all of them, hang or reject from now on. */
  fail(fault: FakeStoreFault, ...operations: readonly FakeStoreOperation[]): void {
    const all: readonly FakeStoreOperation[] = ['read', 'write', 'remove', 'removeAll', 'lease'];
    for (const operation of operations.length === 0 ? all : operations) this.#faults.set(operation, fault);
  }

  /** Ends what `fail` started. */
  heal(): void {
    this.#faults.clear();
  }

  /** Stores arbitrary data, without checks and events. */
  put(request: SecretRequest, stored: unknown): void {
    this.#state.entries.set(keyOf(request), { request, stored });
  }

  /** Returns the stored data, regardless of faults. */
  peek(request: SecretRequest): unknown {
    return this.#state.entries.get(keyOf(request))?.stored;
  }

  get size(): number {
    return this.#state.entries.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends an event to this store's own subscribers. */
  emit(event: StoreEvent): void {
    for (const { owner, listener } of this.#state.subscriptions) if (owner === this) listener(event);
  }

  async read(request: SecretRequest): Promise<StoredSecret | undefined> {
    await this.#begin('read', request.name);
    const found = this.#state.entries.get(keyOf(request))?.stored;
    return found === undefined ? undefined : (structuredClone(found) as StoredSecret); // or what a test has put there
  }

  async write(request: SecretRequest, secret: StoredSecret): Promise<void> {
    await this.#begin('write', request.name);
    const present = this.#state.entries.get(keyOf(request))?.stored as StoredSecret | undefined; // `>` tolerates other types
    if (present !== undefined && present.fetchedAt > secret.fetchedAt) return;
    this.put(request, structuredClone(secret));
    this.#notifyOthers({ kind: 'written', request, fetchedAt: secret.fetchedAt });
  }

  async remove(request: SecretRequest): Promise<void> {
    await this.#begin('remove', request.name);
    if (this.#state.entries.delete(keyOf(request))) this.#notifyOthers({ kind: 'removed', name: request.name });
  }

  async removeAll(name: string): Promise<void> {
    await this.#begin('removeAll', name);
    for (const [key, { request }] of this.#state.entries) if (request.name === name) this.#state.entries.delete(key);
    this.#notifyOthers({ kind: 'removed', name });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscription of this.#state.subscriptions)
      if (subscription.owner === this) this.#state.subscriptions.delete(subscription);
    await Promise.resolve();
  }

  async #begin(operation: FakeStoreOperation, name: string): Promise<void> {
    this.operations.push(`${operation} ${name}`);
    const fault = this.#faults.get(operation);
    if (fault === 'hang') await new Promise(() => {});
    if (fault === 'throw') throw new Error(`${this.name}: injected fault in ${operation}`);
    if (this.#isClosed) throw new Error(`${this.name}: closed`);
  }

  #subscribe(listener: (event: StoreEvent) => void): () => void {
    const subscription = { owner: this, listener };
    this.#state.subscriptions.add(subscription);
    return () => {
      this.#state.subscriptions.delete(subscription);
    };
  }

  async #lease(request: SecretRequest, ms: number): Promise<StoreLease | undefined> {
    await this.#begin('lease', request.name);
    const key = keyOf(request);
    const now = this.#clock?.now() ?? 0;
    const present = this.#state.leases.get(key);
    if (present !== undefined && now < present.until) return undefined;
    const lease = { owner: this, until: this.#clock === undefined ? Number.POSITIVE_INFINITY : now + ms };
    this.#state.leases.set(key, lease);
    return {
      release: async () => {
        if (this.#state.leases.get(key) === lease) this.#state.leases.delete(key);
        await Promise.resolve();
      },
    };
  }

  #notifyOthers(event: StoreEvent): void {
    for (const { owner, listener } of this.#state.subscriptions) if (owner !== this) listener(event);
  }
}

function keyOf({ name, stage, versionId }: SecretRequest): string {
  return JSON.stringify([name, stage ?? null, versionId ?? null]);
}
