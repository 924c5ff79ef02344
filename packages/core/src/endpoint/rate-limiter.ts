import { onAbort } from '../time/abort.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Priority } from './priority.ts';

/** The maximum number of waiters: behind more, a request would hardly be granted within its deadline. */
const maxQueued = 10_000;
/** The share of slots and tokens that background refreshes leave for foreground reads. */
const foregroundReserve = 0.25;

export interface RateLimiterParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly maxPerSecond: number;
}

interface Waiter {
  readonly grant: () => void;
}

/**
 * Limits the requests to an endpoint, in flight and per second. Others are queued; reads are granted before background
 * refreshes. Each granted `acquire` needs one `release`.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #maxPerSecond: number;
  /** Its capacity is the tokens of one second. With the refill, that allows at most twice the rate in any second. */
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

  get queued(): number {
    return this.#foreground.size + this.#background.size;
  }

  /**
   * Returns `undefined` if the request is granted at once, which saves a promise; otherwise a promise that resolves when it is
   * granted. The promise rejects with the reason of `signal` when it aborts, and with a `FetchFailure` if the queue is full.
   */
  acquire(priority: Priority, signal: CancelSignal): Promise<void> | undefined {
    const isNext = this.#foreground.size === 0 && (priority.isForeground || this.#background.size === 0);
    if (isNext && this.#tryAcquire(priority.isForeground)) return undefined;
    if (this.queued >= maxQueued) return Promise.reject(queueFull());
    return this.#enqueue(priority, signal);
  }

  release(): void {
    this.#inFlight -= 1;
    this.#grantWaiters();
  }

  #enqueue(priority: Priority, signal: CancelSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        grant: () => {
          leaveQueue();
          resolve();
        },
      };
      const removeListener = onAbort(signal, () => {
        leaveQueue();
        reject(signal.reason as Error);
        this.#grantWaiters();
      });
      const stopPromotion = priority.onForeground(() => {
        if (this.#background.delete(waiter)) this.#foreground.add(waiter);
        this.#grantWaiters();
      });
      const leaveQueue = (): void => {
        removeListener();
        stopPromotion();
        this.#foreground.delete(waiter);
        this.#background.delete(waiter);
      };
      (priority.isForeground ? this.#foreground : this.#background).add(waiter);
      this.#grantWaiters();
    });
  }

  /** Grants all waiters for which there are slots and tokens, and sets a timer for the next token. */
  #grantWaiters(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (;;) {
      const isForeground = this.#foreground.size > 0;
      const [waiter] = isForeground ? this.#foreground : this.#background;
      if (waiter === undefined) return;
      if (!this.#tryAcquire(isForeground)) {
        this.#scheduleRefill(isForeground);
        return;
      }
      waiter.grant();
    }
  }

  #tryAcquire(isForeground: boolean): boolean {
    this.#refill();
    if (this.#inFlight >= this.#maxInFlightFor(isForeground)) return false;
    if (!this.#bucket.take(this.#reserveFor(isForeground))) return false;
    this.#inFlight += 1;
    return true;
  }

  #scheduleRefill(isForeground: boolean): void {
    const shortfall = this.#bucket.shortfall(this.#reserveFor(isForeground));
    // Not a token but a slot is missing: `release` grants the next waiter.
    if (shortfall === 0) return;
    const ms = Math.max((shortfall / this.#maxPerSecond) * 1_000, 1);
    this.#cancelTimer = this.#clock.setUnrefTimer(ms, () => this.#grantWaiters());
  }

  #refill(): void {
    const now = this.#clock.cachedNow();
    this.#bucket.add(((now - this.#refilledAt) / 1_000) * this.#maxPerSecond);
    this.#refilledAt = now;
  }

  #maxInFlightFor(isForeground: boolean): number {
    return isForeground ? this.#maxInFlight : Math.max(Math.floor(this.#maxInFlight * (1 - foregroundReserve)), 1);
  }

  /** Rounded down, so that a full bucket always has a token for a refresh. */
  #reserveFor(isForeground: boolean): number {
    return isForeground ? 0 : Math.floor(this.#maxPerSecond * foregroundReserve);
  }
}

function queueFull(): FetchFailure {
  const message = `The queue of the endpoint is full: ${maxQueued} requests wait (limits.concurrentRequests, limits.requestsPerSecond).`;
  return new FetchFailure('throttled', message);
}
