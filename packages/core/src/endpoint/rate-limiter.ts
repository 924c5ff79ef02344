// Who may ask an endpoint now: so many at the same time, so many a second, readers before background refreshes.

import { onAbort } from '../time/abort.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Priority } from './priority.ts';

/** Who waits longer than this many others would hardly get a turn within its deadline. */
const maxQueued = 10_000;
/** Of what there is, background refreshes leave this share to readers: one that comes must not find all of it taken. */
const foregroundReserve = 0.25;

export interface RateLimiterParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly maxPerSecond: number;
}

interface Waiter {
  readonly grant: () => void;
}

/** The door of an endpoint. Who was let in must `leave`. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #maxPerSecond: number;
  /** Holds what a second brings: together with the refill, that is at most twice the rate in any one second. */
  readonly #bucket: TokenBucket;
  readonly #foreground = new Set<Waiter>();
  readonly #background = new Set<Waiter>();
  #inFlight = 0;
  #refilledAt: number;
  #cancelTimer: (() => void) | undefined;

  constructor({ clock, maxInFlight, maxPerSecond }: RateLimiterParts) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#maxPerSecond = maxPerSecond;
    this.#bucket = new TokenBucket(maxPerSecond);
    this.#refilledAt = clock.cachedNow();
  }

  /** Those that wait for their turn. */
  get queued(): number {
    return this.#foreground.size + this.#background.size;
  }

  /**
   * Lets in at once, and returns nothing; or else returns a promise to wait for. That one rejects with the signal's own
   * reason when it fires, and with a `FetchFailure` if the queue is full.
   */
  acquire(urgency: Priority, signal: CancelSignal): Promise<void> | undefined {
    const isNext = this.#foreground.size === 0 && (urgency.isForeground || this.#background.size === 0);
    if (isNext && this.#tryAcquire(urgency.isForeground)) return undefined;
    if (this.queued >= maxQueued) return Promise.reject(queueFull());
    return this.#enqueue(urgency, signal);
  }

  release(): void {
    this.#inFlight -= 1;
    this.#grantWaiters();
  }

  #enqueue(urgency: Priority, signal: CancelSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const ticket: Waiter = {
        grant: () => {
          leaveQueue();
          resolve();
        },
      };
      const callOff = onAbort(signal, () => {
        leaveQueue();
        reject(signal.reason as Error);
        this.#grantWaiters();
      });
      const leaveRefreshes = urgency.onForeground(() => {
        if (this.#background.delete(ticket)) this.#foreground.add(ticket);
        this.#grantWaiters();
      });
      const leaveQueue = (): void => {
        callOff();
        leaveRefreshes();
        this.#foreground.delete(ticket);
        this.#background.delete(ticket);
      };
      (urgency.isForeground ? this.#foreground : this.#background).add(ticket);
      this.#grantWaiters();
    });
  }

  /** Everybody whose turn it is; who is next after them is let in when there is something left for them. */
  #grantWaiters(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (;;) {
      const isReader = this.#foreground.size > 0;
      const [ticket] = isReader ? this.#foreground : this.#background;
      if (ticket === undefined) return;
      if (!this.#tryAcquire(isReader)) {
        this.#scheduleRefill(isReader);
        return;
      }
      ticket.grant();
    }
  }

  #tryAcquire(isReader: boolean): boolean {
    this.#refill();
    if (this.#inFlight >= this.#maxInFlightFor(isReader) || !this.#bucket.take(this.#reserveFor(isReader)))
      return false;
    this.#inFlight += 1;
    return true;
  }

  #scheduleRefill(isReader: boolean): void {
    const lacking = this.#bucket.shortfall(this.#reserveFor(isReader));
    // Then it is a slot that is missing, and whoever leaves looks again.
    if (lacking === 0) return;
    const ms = Math.max((lacking / this.#maxPerSecond) * 1_000, 1);
    this.#cancelTimer = this.#clock.setUnrefTimer(ms, () => this.#grantWaiters());
  }

  #refill(): void {
    const now = this.#clock.cachedNow();
    this.#bucket.add(((now - this.#refilledAt) / 1_000) * this.#maxPerSecond);
    this.#refilledAt = now;
  }

  #maxInFlightFor(isReader: boolean): number {
    return isReader ? this.#maxInFlight : Math.max(Math.floor(this.#maxInFlight * (1 - foregroundReserve)), 1);
  }

  /** Never so much that a refresh could not have its turn even from a full bucket. */
  #reserveFor(isReader: boolean): number {
    return isReader ? 0 : Math.floor(this.#maxPerSecond * foregroundReserve);
  }
}

function queueFull(): FetchFailure {
  const message = `${maxQueued} requests wait for their turn already (maxRequestsPerEndpoint, maxRequestsPerSecond).`;
  return new FetchFailure('throttled', message);
}
