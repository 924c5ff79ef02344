import { sleep } from '../time/clock.ts';
import type { Clock } from '../time/clock.ts';
import type { StoreLease } from '../ports/store.ts';
import type { SecretRequest } from '../ports/transport.ts';
import type { GuardedStore } from './guarded-store.ts';

/** News of a store can get lost: it is looked into as often as this while another process is at it. */
const lookEvery = 250;

/** One wish to ask KMS. */
export interface Wish {
  readonly key: string;
  readonly request: SecretRequest;
  readonly signal: AbortSignal;
  /** When nobody waits for it any more; the clock's `now`. */
  readonly until: number;
  /** Looks whether another process has brought what is wished for. */
  readonly look: () => Promise<boolean>;
}

/** A right to ask KMS; `signal` is that of the wish it was taken for. */
interface Turn {
  readonly store: GuardedStore;
  readonly lease: StoreLease;
  readonly signal: AbortSignal;
}

/**
 * Whose turn it is to ask KMS, in a fleet that shares a store: one process asks, the others wait for what it brings.
 *
 * Nobody waits longer than `ms`, whatever becomes of the one whose turn it is; and a store that fails is no reason to wait.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #leases = new Map<string, Turn>();
  readonly #waiting = new Map<string, Set<AbortController>>();

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  /** Resolves when KMS may be asked, or need not be any more. Never rejects. */
  async take(store: GuardedStore, wish: Wish): Promise<void> {
    const { key, request, signal, until, look } = wish;
    const endAt = Math.min(this.#clock.now() + this.#ms, until);
    const isOver = (): boolean => signal.aborted || this.#clock.now() > until;
    while (!isOver()) {
      const answer = await this.#ask(store, request);
      if (answer === undefined) return;
      if (answer.value !== undefined) {
        this.#leases.set(key, { store, lease: answer.value, signal });
        if (isOver()) return this.giveBack(key);
      }
      // Also with the turn in hand: whoever had it before may have brought it between our last look and now.
      if ((await look()) || answer.value !== undefined) return;
      const left = endAt - this.#clock.now();
      if (left <= 0) return;
      await this.#newsOf(key, Math.min(left, lookEvery), signal);
    }
  }

  /** There is news of this key: those who wait for it look at once. */
  heard(key: string): void {
    for (const waiting of this.#waiting.get(key) ?? []) waiting.abort();
  }

  /** The turn for `key` is over, if there was one; that of one wish alone, if its signal is given. Never rejects. */
  async giveBack(key: string, signal?: AbortSignal): Promise<void> {
    const turn = this.#leases.get(key);
    if (turn === undefined || (signal !== undefined && turn.signal !== signal)) return;
    this.#leases.delete(key);
    await turn.store.attempt('lease', undefined, () => turn.lease.release());
  }

  async #ask(
    store: GuardedStore,
    request: SecretRequest,
  ): Promise<{ readonly value: StoreLease | undefined } | undefined> {
    let isLate = false;
    const answer = await store.attempt('lease', request.name, async (shared) => {
      const lease = await shared.lease?.(request, this.#ms);
      // Nobody would give it back, and the others would wait for it to run out.
      if (isLate) await lease?.release();
      return lease;
    });
    isLate = answer === undefined;
    return answer;
  }

  async #newsOf(key: string, ms: number, signal: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const all = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, all.add(waiting));
    const leave = (): void => waiting.abort();
    signal.addEventListener('abort', leave, { once: true });
    try {
      await sleep(this.#clock, ms, waiting.signal);
    } catch {
      // News, or the end of the fetch: either way there is no reason to wait longer.
    } finally {
      signal.removeEventListener('abort', leave);
      all.delete(waiting);
      if (all.size === 0) this.#waiting.delete(key);
    }
  }
}
