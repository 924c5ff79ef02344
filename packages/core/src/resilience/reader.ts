import type { Clock } from '../clock.ts';
import type { Secret } from '../secret.ts';
import type { SecretRequest } from '../transport.ts';
import { orAfter } from './deadline.ts';
import { deadlineError } from './fetch-error.ts';
import type { Flight } from './fetcher.ts';
import type { Recovery } from './recovery.ts';

/** One read that waits for a fetch. */
export interface Wait {
  readonly key: string;
  readonly request: SecretRequest;
  /** Milliseconds, where some of the deadline has gone by already. */
  readonly left?: number;
}

/** How long a reader waits for a fetch, and what becomes of its read if nothing lands in time. */
export class Reader {
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #recovery: Recovery;
  /** Who waits for a fetch since when; a fetch that nobody knows any more is forgotten with its wait. */
  readonly #crowds = new WeakMap<Promise<Secret>, { readonly turn: number; readonly waiting: Promise<Secret> }>();

  constructor(parts: { readonly clock: Clock; readonly deadline: number; readonly recovery: Recovery }) {
    this.#clock = parts.clock;
    this.#deadline = parts.deadline;
    this.#recovery = parts.recovery;
  }

  /** What the fetch brings, if it does so in time. */
  landed(flight: Flight, { request, left = this.#deadline }: Omit<Wait, 'key'>): Promise<Secret> {
    const late = (): never => {
      throw deadlineError(request, this.#deadline, flight.attempts);
    };
    return orAfter(flight.secret, this.#clock, { ms: left, late });
  }

  /**
   * What the fetch brings, or else what the hook knows.
   *
   * Readers that come in the same turn of the event loop have the same deadline, and share one wait: a crowd of thousands
   * would otherwise make as many timers and promises, and settle late.
   */
  landedOrRecovered(flight: Flight, wait: Wait): Promise<Secret> {
    const turn = this.#clock.recent();
    const crowd = this.#crowds.get(flight.secret);
    if (crowd?.turn === turn && wait.left === undefined) return crowd.waiting;
    const waiting = this.#waitFor(flight, wait);
    if (wait.left === undefined) this.#crowds.set(flight.secret, { turn, waiting });
    return waiting;
  }

  /** What the hook knows, or else the error. */
  async recovered({ key, request }: Wait, error: unknown): Promise<Secret> {
    const secret = await this.#recovery.of(key, request, error);
    if (secret === undefined) throw error;
    return secret;
  }

  async #waitFor(flight: Flight, wait: Wait): Promise<Secret> {
    try {
      return await this.landed(flight, wait);
    } catch (error) {
      return this.recovered(wait, error);
    }
  }
}
