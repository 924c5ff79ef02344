import { onAbort } from '../time/abort.ts';
import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { FetchFailure } from '../ports/transport.ts';
import { AdaptiveRate } from './adaptive-rate.ts';
import { batchDelay } from './batching-transport.ts';
import { hasSlot, laneOf, Lanes, tokenReserveOf } from './lanes.ts';
import type { LaneName, Load, Standing } from './lanes.ts';
import type { Priority } from './priority.ts';
import { TokenBucket } from './token-bucket.ts';

/** The maximum number of waiters: behind more, a request would hardly be granted within its deadline. */
const maxQueued = 10_000;

/**
 * A request without a response for this long (ms) no longer counts against `maxRecent`. A healthy endpoint responds sooner; one on
 * another continent does not, and has more requests in flight.
 */
const recentFor = 150;
/** The maximum number of requests that were sent within `recentFor`; a quarter of the slots if that is more. */
const minMaxRecent = 64;

export interface RateLimiterParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  readonly maxPerSecond: number;
  /** Called before the first request: whether the rate starts low and rises with the responses. Default: never. */
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

/** A granted request. Each needs one `release`. */
export interface Permit {
  readonly lane: LaneName;
  /** The clock's `now`. */
  readonly grantedAt: number;
  readonly release: () => void;
}

interface Waiter {
  readonly isAlone: boolean;
  readonly grant: (permit: Permit) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Limits the requests to an endpoint, in flight and per second. Others are queued: reads of known secrets are granted first, then
 * reads of new ones in turn by name, background refreshes, and secrets without a response. A lane that was passed over three times goes next.
 *
 * Requests that hang hold their slots until `attemptTimeout`. So most slots can only be taken by requests that have waited for a
 * response for `recentFor`: a burst takes `maxRecent` slots, and while these hang, the next ones are granted.
 */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #maxRecent: number;
  readonly #maxPerSecond: number;
  readonly #batchSize: () => number;
  /** `undefined` after the first request. */
  #startsLow: (() => boolean) | undefined;
  readonly #rate: AdaptiveRate;
  /** Its capacity is the tokens of one second. With the refill, that allows at most twice the rate in any second. */
  readonly #bucket: TokenBucket;
  readonly #lanes = new Lanes<Waiter>();
  readonly #inFlight: MutableLoad = { total: 0, unproven: 0 };
  /** Those of the last `recentFor` milliseconds. */
  readonly #recent = new RecentPermits();
  /** The requests that may join the last batch, and until when (the clock's `now`). */
  #seats = 0;
  #seatsUntil = 0;
  #refilledAt: number;
  #cancelTimer: (() => void) | undefined;

  constructor({ clock, maxInFlight, maxPerSecond, startsLow = () => false, batchSize = () => 1 }: RateLimiterParts) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#maxRecent = Math.max(Math.min(maxInFlight, minMaxRecent), Math.floor(maxInFlight / 4));
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
    if (!hasSlot(laneOf(standing, priority.isForeground), this.#inFlight, this.#maxInFlight)) {
      return `concurrent requests, ${this.#inFlight.total} in flight (limits.concurrentRequests)`;
    }
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
    const extra = this.#rate.responded();
    if (extra > 0) this.#bucket.add(extra);
  }

  /** KMS throttled a request that was sent at `sentAt` (the clock's `now`). */
  throttled(sentAt: number): void {
    this.#refill();
    if (!this.#rate.throttled(sentAt)) return;
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
      const removeListener = onAbort(signal, () => {
        leaveQueue();
        reject(signal.reason as Error);
        this.#grantWaiters();
      });
      const stopPromotion = priority.onForeground(() => {
        this.#lanes.delete(lane, waiter);
        lane = laneOf(standing, true);
        this.#lanes.add(lane, waiter, name);
        this.#grantWaiters();
      });
      const leaveQueue = (): void => {
        removeListener();
        stopPromotion();
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
    if (this.#startsLow?.() === true) this.#bucket.drain(-this.#rate.startLow());
    this.#startsLow = undefined;
    if (!isAlone && this.#takeSeat()) return { lane, grantedAt: this.#clock.cachedNow(), release: () => {} };
    this.#refill();
    if (!this.#hasSlot(lane) || !this.#bucket.take(this.#tokenReserve(lane))) return undefined;
    let isReleased = false;
    const permit: RecentPermit = {
      lane,
      grantedAt: this.#clock.cachedNow(),
      isRecent: false,
      release: () => {
        if (!isReleased) this.#release(permit);
        isReleased = true;
      },
    };
    count(this.#inFlight, lane, 1);
    this.#recent.add(permit);
    this.#lanes.granted(lane);
    this.#rate.sent();
    if (!isAlone) this.#openBatch();
    return permit;
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

  #release(permit: RecentPermit): void {
    this.#recent.delete(permit);
    count(this.#inFlight, permit.lane, -1);
    if (this.queued > 0) this.#grantWaiters();
  }

  #hasSlot(lane: LaneName): boolean {
    if (!hasSlot(lane, this.#inFlight, this.#maxInFlight)) return false;
    this.#recent.deleteUntil(this.#clock.cachedNow() - recentFor);
    return this.#hasRecentSlot(lane);
  }

  /** Refreshes leave a part for reads. The other lanes do not: these slots are free again after `recentFor`. */
  #hasRecentSlot(lane: LaneName): boolean {
    return hasSlot(lane === 'refresh' ? lane : 'known', this.#recent, this.#maxRecent);
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
    if (!hasSlot(lane, this.#inFlight, this.#maxInFlight)) return undefined;
    const oldest = this.#recent.oldest?.grantedAt;
    const isBurst = oldest !== undefined && !this.#hasRecentSlot(lane);
    const forSlot = isBurst ? oldest + recentFor - this.#clock.cachedNow() : 0;
    const forToken = (this.#bucket.shortfall(this.#tokenReserve(lane)) / this.#rate.current) * 1_000;
    return Math.max(forSlot, Math.ceil(forToken));
  }

  #refill(): void {
    const now = this.#clock.cachedNow();
    const rate = this.#rate.current;
    this.#bucket.add(this.#rate.takeStartTokens());
    if (this.#rate.isThrottled) this.#bucket.resize(Math.max(rate, 1));
    else if (this.#bucket.capacity < this.#maxPerSecond) this.#bucket.resize(this.#maxPerSecond);
    this.#bucket.add(((now - this.#refilledAt) / 1_000) * rate);
    this.#refilledAt = now;
  }
}

type MutableLoad = { -readonly [Key in keyof Load]: Load[Key] };

interface RecentPermit extends Permit {
  isRecent: boolean;
}

/**
 * Permits in the order in which they were granted. An array instead of a `Set`, for the reason in `TaskList`: a permit that is deleted
 * leaves the array when it is the oldest.
 */
class RecentPermits implements Load {
  readonly #permits: RecentPermit[] = [];
  readonly #load: MutableLoad = { total: 0, unproven: 0 };

  get total(): number {
    return this.#load.total;
  }

  get unproven(): number {
    return this.#load.unproven;
  }

  get oldest(): Permit | undefined {
    while (this.#permits[0]?.isRecent === false) this.#permits.shift();
    return this.#permits[0];
  }

  add(permit: RecentPermit): void {
    permit.isRecent = true;
    this.#permits.push(permit);
    count(this.#load, permit.lane, 1);
  }

  delete(permit: RecentPermit): void {
    if (!permit.isRecent) return;
    permit.isRecent = false;
    count(this.#load, permit.lane, -1);
  }

  /** Deletes the permits that were granted until `time`. */
  deleteUntil(time: number): void {
    for (;;) {
      const [oldest] = this.#permits;
      if (oldest === undefined || (oldest.isRecent && oldest.grantedAt > time)) return;
      this.delete(oldest);
      this.#permits.shift();
    }
  }
}

function count(load: MutableLoad, lane: LaneName, change: 1 | -1): void {
  load.total += change;
  if (lane === 'new' || lane === 'slow') load.unproven += change;
}

function queueFull(): FetchFailure {
  const message = `The queue of the endpoint is full: ${maxQueued} requests wait (limits.concurrentRequests, limits.requestsPerSecond).`;
  return new FetchFailure('throttled', message);
}
