import type { Clock } from '../time/clock.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { withTimeout } from '../time/deadline.ts';
import { deadlineError } from '../fetch/fetch-error.ts';
import type { Flight } from '../fetch/fetcher.ts';
import type { Recovery } from './recovery.ts';

/** One read that waits for a fetch. */
export interface Wait {
  readonly key: string;
  readonly request: SecretRequest;
  /** Milliseconds, where some of the deadline has gone by already. */
  readonly left?: number;
}

/** Where values are; see `memory.ts`. */
export interface Held<Entry> {
  lookup(key: string): Entry | undefined;
  /** The old value, if it is known to be out of reach. */
  serveStale(entry: Entry): Secret | undefined;
  markFailing(key: string, error: AnySecretError): void;
}

/** How long a reader waits for a fetch, and what becomes of its read if nothing lands in time. */
export class Reader<Entry extends { readonly secret: Secret; readonly freshUntil: number }> {
  readonly #clock: Clock;
  readonly #deadline: number;
  readonly #staleDeadline: number;
  readonly #recovery: Recovery;
  readonly #held: Held<Entry>;

  constructor(parts: {
    readonly clock: Clock;
    readonly deadline: number;
    readonly staleDeadline: number;
    readonly recovery: Recovery;
    readonly held: Held<Entry>;
  }) {
    this.#clock = parts.clock;
    this.#deadline = parts.deadline;
    this.#staleDeadline = parts.staleDeadline;
    this.#recovery = parts.recovery;
    this.#held = parts.held;
  }

  /** What the fetch brings, if it does so in time. */
  landed(flight: Flight, { request, left = this.#deadline }: Omit<Wait, 'key'>): Promise<Secret> {
    const onTimeout = (): never => {
      throw deadlineError(request, this.#deadline, flight.attempts);
    };
    return withTimeout(flight.secret, this.#clock, { ms: left, onTimeout });
  }

  /**
   * What the fetch brings, or else what the hook knows.
   *
   * Readers that come in the same turn of the event loop have the same deadline, and share one wait: a crowd of thousands
   * would otherwise make as many timers and promises, and settle late.
   */
  landedOrRecovered(flight: Flight, wait: Wait): Promise<Secret> {
    const turn = this.#clock.cachedNow();
    const { sharedWait } = flight;
    if (sharedWait?.turn === turn && wait.left === undefined) return sharedWait.waiting;
    const waiting = this.#waitFor(flight, wait);
    if (wait.left === undefined) flight.sharedWait = { turn, waiting };
    return waiting;
  }

  /** A reader with an old value in hand leaves as soon as the fetch is in trouble, and takes the old value. */
  async landedOrStale(flight: Flight, { key, request, left = this.#deadline }: Wait): Promise<Secret> {
    const startedAt = this.#clock.now();
    const patience = Math.min(this.#staleDeadline, left);
    // Counted from its beginning: a refresh that was begun before the TTL was over has had its time by then.
    const ms = patience - (startedAt - flight.startedAt);
    // Looked up anew: a store may have brought one that is less old, or fresh, while the fetch goes on.
    const old = (): Entry | undefined => this.#unlessFresh(this.#held.lookup(key));
    const onTimeout = (): void => {
      if (old() !== undefined) this.#held.markFailing(key, deadlineError(request, patience, flight.attempts));
    };
    if (ms > 0) await withTimeout(flight.failing, this.#clock, { ms, onTimeout });
    else onTimeout();
    const held = old();
    const served = held === undefined ? this.#held.lookup(key)?.secret : this.#held.serveStale(held);
    const now = this.#clock.now();
    return served ?? this.landedOrRecovered(flight, { key, request, left: left - (now - startedAt) });
  }

  /** What the hook knows, or else the error. */
  async recovered({ key, request }: Wait, error: unknown): Promise<Secret> {
    const secret = await this.#recovery.of(key, request, error);
    if (secret === undefined) throw error;
    return secret;
  }

  async #waitFor(flight: Flight, wait: Wait): Promise<Secret> {
    if (flight.storesChecked !== undefined && wait.left === undefined)
      return this.#looked(flight, flight.storesChecked, wait);
    try {
      return await this.landed(flight, wait);
    } catch (error) {
      return this.recovered(wait, error);
    }
  }

  #unlessFresh(entry: Entry | undefined): Entry | undefined {
    return entry === undefined || this.#clock.now() < entry.freshUntil ? undefined : entry;
  }

  /** By then a store may have given an old value: with it in hand, a reader need not wait for KMS as long. */
  async #looked(flight: Flight, looked: Promise<void>, wait: Wait): Promise<Secret> {
    const startedAt = this.#clock.now();
    await withTimeout(looked, this.#clock, { ms: this.#deadline, onTimeout: () => undefined });
    const left = Math.max(this.#deadline - (this.#clock.now() - startedAt), 0);
    const held = this.#held.lookup(wait.key);
    if (held === undefined) return this.landedOrRecovered(flight, { ...wait, left });
    return this.landedOrStale(flight, { ...wait, left });
  }
}
