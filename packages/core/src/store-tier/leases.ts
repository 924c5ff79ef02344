import { sleep } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import type { StoreLease } from '../ports/store.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { GuardedStore } from './guarded-store.ts';

/** How often the store is checked while another process holds the lease (ms): its `written` event may be lost. */
const pollInterval = 250;

export interface LeaseRequest {
  readonly key: string;
  readonly request: SecretRequest;
  /** The signal of the fetch. */
  readonly signal: AbortSignal;
  /** When to stop waiting; the clock's `now`. */
  readonly waitUntil: number;
  /** Resolves to true if the store has a fresh value, which makes the lease unnecessary. */
  readonly checkStore: () => Promise<boolean>;
}

interface HeldLease {
  readonly store: GuardedStore;
  readonly lease: StoreLease;
  /** The signal of the fetch that holds it. */
  readonly signal: AbortSignal;
}

/**
 * The leases of this process in a store that a fleet shares: one process fetches a secret from KMS, the others wait for it.
 *
 * A wait ends after `duration`, even if the holder dies. A store that fails is not waited for.
 */
export class Leases {
  readonly #clock: Clock;
  readonly #duration: number;
  readonly #held = new Map<string, HeldLease>();
  readonly #waiters = new Map<string, Set<AbortController>>();

  constructor(clock: Clock, duration: number) {
    this.#clock = clock;
    this.#duration = duration;
  }

  /** Resolves when KMS may be requested, or when `checkStore` has found a value. Never rejects. */
  async acquire(store: GuardedStore, leaseRequest: LeaseRequest): Promise<void> {
    const { key, request, signal, waitUntil, checkStore } = leaseRequest;
    const endAt = Math.min(this.#clock.now() + this.#duration, waitUntil);
    const isOver = (): boolean => signal.aborted || this.#clock.now() > waitUntil;
    while (!isOver()) {
      const result = await this.#tryAcquire(store, request);
      if (result === undefined) return;
      if (result.value !== undefined) {
        this.#held.set(key, { store, lease: result.value, signal });
        if (isOver()) return this.release(key);
      }
      // Also after acquiring: the last holder may have written the value since the previous check.
      if ((await checkStore()) || result.value !== undefined) return;
      const remaining = endAt - this.#clock.now();
      if (remaining <= 0) return;
      await this.#waitForChange(key, Math.min(remaining, pollInterval), signal);
    }
  }

  /** Another process has written this key: the waiters check the store immediately. */
  notify(key: string): void {
    for (const waiter of this.#waiters.get(key) ?? []) waiter.abort();
  }

  /** Releases the lease on `key`, if there is one. With `signal`, only the lease of that fetch. Never rejects. */
  async release(key: string, signal?: AbortSignal): Promise<void> {
    const held = this.#held.get(key);
    if (held === undefined || (signal !== undefined && held.signal !== signal)) return;
    this.#held.delete(key);
    await held.store.run('lease', undefined, () => held.lease.release());
  }

  async #tryAcquire(
    store: GuardedStore,
    request: SecretRequest,
  ): Promise<{ readonly value: StoreLease | undefined } | undefined> {
    let hasTimedOut = false;
    const result = await store.run('lease', request.name, async (shared) => {
      const lease = await shared.lease?.(request, this.#duration);
      // Otherwise the other processes would wait until it expires.
      if (hasTimedOut) await lease?.release();
      return lease;
    });
    hasTimedOut = result === undefined;
    return result !== undefined && 'part' in result ? undefined : result;
  }

  async #waitForChange(key: string, ms: number, signal: AbortSignal): Promise<void> {
    const waiter = new AbortController();
    const waiters = this.#waiters.get(key) ?? new Set();
    this.#waiters.set(key, waiters.add(waiter));
    const cancel = (): void => waiter.abort();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await sleep(this.#clock, ms, waiter.signal);
    } catch {
      // `notify`, or the end of the fetch.
    } finally {
      signal.removeEventListener('abort', cancel);
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(key);
    }
  }
}
