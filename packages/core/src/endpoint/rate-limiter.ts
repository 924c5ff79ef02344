import { onAbort } from '../time/abort.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import { AdaptiveRate } from './adaptive-rate.ts';
import { batchDelay } from './batching-transport.ts';
import { laneOf, Lanes, tokenReserveOf } from './lanes.ts';
import type { LaneName, Standing } from './lanes.ts';
import type { Priority } from './priority.ts';
import { Slots } from './slots.ts';
import type { Permit } from './slots.ts';
import { TokenBucket } from './token-bucket.ts';

/** The maximum number of waiters: behind more, a request would hardly be granted within its deadline. */
const maxQueued = 10_000;

export interface RateLimiterParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly maxPerSecond: number;
  /** Called before the first requests: whether few of them may be open until responses have arrived. Default: never. */
  readonly startsLow?: () => boolean;
  /** How many of the next requests share one request to KMS. Default: 1. */
  readonly batchSize?: () => number;
}

export interface AcquireCall {
  /** The name of the secret. Default: none. */
  readonly name?: string;
  readonly priority: Priority;
  readonly signal: CancelSignal;
  /** Default: `new`. */
  readonly standing?: Standing;
  /** Whether the request is not part of a batch. Default: it is, if the next requests share one. */
  readonly isAlone?: boolean;
}

interface Waiter {
  readonly isAlone: boolean;
  readonly grant: (permit: Permit) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Limits the requests to an endpoint, in flight and per second. Others are queued: reads of known secrets are granted first, then
 * reads of new ones in turn by name, background refreshes, and secrets without a response. A lane that was passed over three times goes next.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #maxPerSecond: number;
  readonly #batchSize: () => number;
  readonly #slots: Slots;
  readonly #startsLow: () => boolean;
  #isFirst = true;
  readonly #rate: AdaptiveRate;
  /** Its capacity is the tokens of one second. With the refill, that allows at most twice the rate in any second. */
  readonly #bucket: TokenBucket;
  readonly #lanes = new Lanes<Waiter>();
  /** The requests that may join the last batch, and until when (the clock's `now`). */
  #seats = 0;
  #seatsUntil = 0;
  #refilledAt: number;
  #cancelTimer: (() => void) | undefined;

  constructor({ clock, maxInFlight, maxPerSecond, startsLow = () => false, batchSize = () => 1 }: RateLimiterParts) {
    this.#clock = clock;
    this.#slots = new Slots({ clock, maxInFlight, onFree: () => this.#onFree() });
    this.#maxPerSecond = maxPerSecond;
    this.#batchSize = batchSize;
    this.#startsLow = startsLow;
    this.#rate = new AdaptiveRate({ clock, max: maxPerSecond });
    this.#bucket = new TokenBucket(maxPerSecond);
    this.#refilledAt = clock.cachedNow();
  }

  get queued(): number {
    return this.#lanes.size;
  }

  /** The limit that delays a queued request, for error messages. */
  limitFor({ priority, standing = 'new' }: Pick<AcquireCall, 'priority' | 'standing'>): string {
    const { inFlight, isStarting } = this.#slots;
    if (!this.#slots.hasAny(laneOf(standing, priority.isForeground))) {
      return `concurrent requests, ${inFlight} in flight (limits.concurrentRequests)`;
    }
    if (isStarting) return `concurrent requests at the start of a preload, ${inFlight} in flight`;
    const limit = `${this.#maxPerSecond} requests per second (limits.requestsPerSecond)`;
    return this.#rate.isThrottled
      ? `${limit}, lowered to ${this.#rate.current.toFixed(1)} because KMS throttles this account`
      : limit;
  }

  /**
   * Returns the permit if the request is granted at once, which saves a promise; otherwise a promise of it. The promise rejects
   * with the reason of `signal` when it aborts, and with a `FetchFailure` if the queue is full.
   */
  acquire(call: AcquireCall): Permit | Promise<Permit> {
    const { priority, standing = 'new', isAlone = false } = call;
    const lane = laneOf(standing, priority.isForeground);
    const permit = this.#lanes.isNext(lane) ? this.#tryAcquire(lane, isAlone) : undefined;
    if (permit !== undefined) return permit;
    const isFull = this.queued >= maxQueued;
    if (isFull && !this.#lanes.hasSurplus) return Promise.reject(queueFull());
    const granted = this.#enqueue(lane, call);
    // Secrets that may not exist do not keep others out.
    if (isFull) this.#lanes.surplus()?.reject(queueFull());
    return granted;
  }

  /** The endpoint responded without throttling. */
  responded(): void {
    this.#slots.responded();
  }

  /** KMS throttled a request that was sent at `sentAt` (the clock's `now`). */
  throttled(sentAt: number): void {
    this.#refill();
    const { isStarting } = this.#slots;
    this.#slots.endSlowStart();
    if (!this.#rate.throttled(sentAt, isStarting)) return;
    this.#bucket.resize(Math.max(this.#rate.current, 1));
    // Not all processes that were throttled at the same moment send their next request at the same moment.
    this.#bucket.drain(this.#clock.random());
  }

  #enqueue(firstLane: LaneName, call: AcquireCall): Promise<Permit> {
    const { name = '', priority, signal, standing = 'new', isAlone = false } = call;
    let lane = firstLane;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        isAlone,
        grant: (permit) => {
          leaveQueue();
          resolve(permit);
        },
        reject: (error) => {
          leaveQueue();
          reject(error);
        },
      };
      const cancellation = onAbort(signal, () => {
        leaveQueue();
        reject(signal.reason as Error);
        this.#grantWaiters();
      });
      const promotion = priority.onForeground(() => {
        this.#lanes.delete(lane, waiter);
        lane = laneOf(standing, true);
        this.#lanes.add(lane, waiter, name);
        this.#grantWaiters();
      });
      const leaveQueue = (): void => {
        cancellation.remove();
        promotion.remove();
        this.#lanes.delete(lane, waiter);
      };
      this.#lanes.add(lane, waiter, name);
      this.#grantWaiters();
    });
  }

  /** Grants all waiters for which there are slots and tokens, and sets a timer for the next ones. */
  #grantWaiters(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    while (this.#grantNext());
    if (this.queued > 0) this.#scheduleGrant();
  }

  /** A lane that has no slot or token left does not hold up the lanes after it. */
  #grantNext(): boolean {
    for (const lane of this.#lanes.inOrder()) {
      const waiter = this.#lanes.first(lane);
      const permit = waiter && this.#tryAcquire(lane, waiter.isAlone);
      if (permit === undefined) continue;
      waiter?.grant(permit);
      return true;
    }
    return false;
  }

  #tryAcquire(lane: LaneName, isAlone: boolean): Permit | undefined {
    this.#checkStart();
    if (!isAlone && this.#takeSeat()) return { lane, grantedAt: this.#clock.cachedNow(), release: () => {} };
    this.#refill();
    if (!this.#slots.has(lane) || !this.#bucket.take(this.#tokenReserve(lane))) return undefined;
    const permit = this.#slots.take(lane);
    this.#lanes.granted(lane);
    this.#rate.sent();
    if (!isAlone) this.#openBatch();
    return permit;
  }

  /** A preload decides before the first request. When it is over, so is the start: reads of users do not wait for it. */
  #checkStart(): void {
    if (this.#isFirst && this.#startsLow()) this.#slots.startSlowly();
    else if (this.#slots.isStarting && !this.#startsLow()) this.#slots.endSlowStart();
    this.#isFirst = false;
  }

  /** The next requests share the one that was granted just now. */
  #openBatch(): void {
    this.#seats = this.#batchSize() - 1;
    this.#seatsUntil = this.#clock.cachedNow() + batchDelay;
  }

  #takeSeat(): boolean {
    if (this.#seats <= 0 || this.#clock.cachedNow() > this.#seatsUntil || this.#batchSize() === 1) return false;
    this.#seats -= 1;
    return true;
  }

  #onFree(): void {
    if (this.queued > 0) this.#grantWaiters();
  }

  #tokenReserve(lane: LaneName): number {
    return this.#lanes.isOverdue(lane) ? 0 : tokenReserveOf(lane, this.#bucket.capacity);
  }

  /** Without a timer for a slot that only a response frees: `release` grants the next waiter. */
  #scheduleGrant(): void {
    const waits = this.#lanes.inOrder().flatMap((lane) => this.#msUntilGrant(lane) ?? []);
    if (waits.length === 0) return;
    this.#cancelTimer = this.#clock.setUnrefTimer(Math.max(Math.min(...waits), 1), () => this.#grantWaiters());
  }

  #msUntilGrant(lane: LaneName): number | undefined {
    const forSlot = this.#slots.msUntilFree(lane);
    if (forSlot === undefined) return undefined;
    const forToken = (this.#bucket.shortfall(this.#tokenReserve(lane)) / this.#rate.current) * 1_000;
    return Math.max(forSlot, Math.ceil(forToken));
  }

  #refill(): void {
    const now = this.#clock.cachedNow();
    const rate = this.#rate.current;
    if (this.#rate.isThrottled) this.#bucket.resize(Math.max(rate, 1));
    else if (this.#bucket.capacity < this.#maxPerSecond) this.#bucket.resize(this.#maxPerSecond);
    this.#bucket.add(((now - this.#refilledAt) / 1_000) * rate);
    this.#refilledAt = now;
  }
}

function queueFull(): FetchFailure {
  const message = `The queue of the endpoint is full: ${maxQueued} requests wait (limits.concurrentRequests, limits.requestsPerSecond).`;
  return new FetchFailure('throttled', message);
}
