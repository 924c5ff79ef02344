import { FairQueue } from './fair-queue.ts';

/** What the client knows of a secret when it queues a request for it. */
export type Standing =
  /** Fetched before, or named in the options `preload` and `secrets`. */
  | 'known'
  /** Not fetched yet. It may not exist: users of an app may be able to make up names. */
  | 'new'
  /** The last attempt at this endpoint got no response within `attemptTimeout`. */
  | 'slow';

/** A queue of the rate limiter. */
export type LaneName = 'known' | 'new' | 'refresh' | 'slow';

/** In the order in which waiters are granted. */
const laneOrder: readonly LaneName[] = ['known', 'new', 'refresh', 'slow'];

/** After this many requests of lanes before it, a lane with a waiter is granted next. No lane starves. */
const maxSkips = 3;

/** The share of slots and tokens that background refreshes leave for foreground reads. */
const foregroundReserve = 0.25;

/** The queue for a request. A refresh concerns a known secret, but no caller waits for it. */
export function laneOf(standing: Standing, isForeground: boolean): LaneName {
  if (standing === 'slow') return 'slow';
  return isForeground ? standing : 'refresh';
}

/** The requests in flight at an endpoint. */
export interface Load {
  readonly total: number;
  /** Those of new secrets and of secrets without a response: any of them may hang. */
  readonly unproven: number;
}

/**
 * Whether a request of `lane` gets one of `slots`. Secrets that may hang leave an eighth for the others, and those without a response
 * in their last attempt leave half: secrets that hang cannot take all slots.
 */
export function hasSlot(lane: LaneName, { total, unproven }: Load, slots: number): boolean {
  if (total >= slots) return false;
  switch (lane) {
    case 'known':
      return true;
    case 'new':
      return unproven < Math.ceil(slots * 0.875);
    case 'refresh':
      return total < Math.max(Math.floor(slots * (1 - foregroundReserve)), 1);
    case 'slow':
      return unproven < Math.ceil(slots * 0.5);
    default:
      return lane satisfies never;
  }
}

/** Rounded down, so that a full bucket always has a token for a refresh. */
export function tokenReserveOf(lane: LaneName, bucketSize: number): number {
  return lane === 'refresh' ? Math.floor(bucketSize * foregroundReserve) : 0;
}

/** The waiters of a rate limiter, in one queue for each lane. Those for new secrets take turns by name. */
export class Lanes<Waiter> {
  readonly #waiters = {
    known: new Set<Waiter>(),
    new: new FairQueue<Waiter>(),
    refresh: new Set<Waiter>(),
    slow: new Set<Waiter>(),
  };
  /** How many requests of lanes before it were granted since the last one of this lane. */
  readonly #skips: Record<LaneName, number> = { known: 0, new: 0, refresh: 0, slow: 0 };

  get size(): number {
    const { known, new: unknown, refresh, slow } = this.#waiters;
    return known.size + unknown.size + refresh.size + slow.size;
  }

  add(lane: LaneName, waiter: Waiter, name: string): void {
    this.#waiters[lane].add(waiter, name);
  }

  delete(lane: LaneName, waiter: Waiter): void {
    const waiters = this.#waiters[lane];
    waiters.delete(waiter);
    if (waiters.size === 0) this.#skips[lane] = 0;
  }

  /** The first waiter of a lane. */
  first(lane: LaneName): Waiter | undefined {
    if (lane === 'new') return this.#waiters.new.first();
    const [waiter] = this.#waiters[lane];
    return waiter;
  }

  /** Whether a waiter can be dropped to make room for another one. */
  get hasSurplus(): boolean {
    return this.#waiters.new.size > 0;
  }

  /** The waiter to drop if there are too many: of the new secrets, the last one of the names that have the most. */
  surplus(): Waiter | undefined {
    return this.#waiters.new.surplus();
  }

  /** Whether a lane is granted before its usual turn, and from the tokens that it otherwise reserves. */
  isOverdue(lane: LaneName): boolean {
    return this.#skips[lane] >= maxSkips;
  }

  /** Whether a new request of `lane` goes before all waiters. */
  isNext(lane: LaneName): boolean {
    if (this.size === 0) return true;
    const rank = laneOrder.indexOf(lane);
    return laneOrder.every((other, index) => {
      if (this.#waiters[other].size === 0) return true;
      return index > rank && !this.isOverdue(other);
    });
  }

  /** The lanes with waiters, the one to grant next first. */
  inOrder(): readonly LaneName[] {
    const waiting = laneOrder.filter((lane) => this.#waiters[lane].size > 0);
    return waiting.toSorted((one, other) => Number(this.isOverdue(other)) - Number(this.isOverdue(one)));
  }

  /** Counts a granted request of `lane`. */
  granted(lane: LaneName): void {
    this.#skips[lane] = 0;
    if (this.size === 0) return;
    for (const later of laneOrder.slice(laneOrder.indexOf(lane) + 1)) {
      if (this.#waiters[later].size > 0) this.#skips[later] += 1;
    }
  }
}
