import type { Clock } from '../time/clock.ts';
import { hasSlot } from './lanes.ts';
import type { LaneName, Load } from './lanes.ts';
import { SlowStart, startWindowFor } from './slow-start.ts';

/**
 * A request without a response for this long (ms) no longer counts against `maxRecent`. A healthy endpoint responds sooner; one on
 * another continent does not, and has more requests in flight.
 */
const recentFor = 150;
/** The maximum number of requests that were sent within `recentFor`; a quarter of the slots if that is more. */
const minMaxRecent = 64;

/** A granted request. Each needs one `release`. */
export interface Permit {
  readonly lane: LaneName;
  /** The clock's `now`. */
  readonly grantedAt: number;
  readonly release: () => void;
}

export interface SlotsParts {
  readonly clock: Clock;
  readonly maxInFlight: number;
  /** Called when a request has ended. */
  readonly onFree: () => void;
}

/**
 * The slots of open requests.
 *
 * Requests that hang hold their slots until `attemptTimeout`. So most slots can only be taken by requests that have waited for a
 * response for `recentFor`: a burst takes `maxRecent` slots, and while these hang, the next ones are granted.
 */
export class Slots {
  readonly #clock: Clock;
  readonly #maxInFlight: number;
  readonly #maxRecent: number;
  readonly #onFree: () => void;
  readonly #inFlight: MutableLoad = { total: 0, unproven: 0 };
  /** Those that were granted within `#recentFor`. */
  readonly #recent = new RecentPermits();
  #slowStart: SlowStart | undefined;

  constructor({ clock, maxInFlight, onFree }: SlotsParts) {
    this.#clock = clock;
    this.#maxInFlight = maxInFlight;
    this.#maxRecent = Math.max(Math.min(maxInFlight, minMaxRecent), Math.floor(maxInFlight / 4));
    this.#onFree = onFree;
  }

  get inFlight(): number {
    return this.#inFlight.total;
  }

  get isStarting(): boolean {
    return this.#slowStart !== undefined;
  }

  startSlowly(): void {
    this.#slowStart = new SlowStart();
  }

  endSlowStart(): void {
    this.#slowStart = undefined;
  }

  /** A response without throttling. */
  responded(): void {
    this.#slowStart?.responded();
    if (this.#slowStart?.isOver === true) this.endSlowStart();
  }

  /** Whether a request of `lane` would get a slot, were there no burst before it. */
  hasAny(lane: LaneName): boolean {
    return hasSlot(lane, this.#inFlight, this.#maxInFlight);
  }

  has(lane: LaneName): boolean {
    if (!this.hasAny(lane)) return false;
    this.#recent.deleteUntil(this.#clock.cachedNow() - this.#recentFor);
    return this.#hasRecent(lane);
  }

  take(lane: LaneName): Permit {
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
    return permit;
  }

  /** Milliseconds until time alone frees a slot; `undefined` if only a response does. */
  msUntilFree(lane: LaneName): number | undefined {
    if (!this.hasAny(lane)) return undefined;
    const oldest = this.#recent.oldest?.grantedAt;
    const isBurst = oldest !== undefined && !this.#hasRecent(lane);
    return isBurst ? oldest + this.#recentFor - this.#clock.cachedNow() : 0;
  }

  #release(permit: RecentPermit): void {
    this.#recent.delete(permit);
    count(this.#inFlight, permit.lane, -1);
    this.#onFree();
  }

  /** Refreshes leave a part for reads. The other lanes do not: these slots are free again after `recentFor`. */
  #hasRecent(lane: LaneName): boolean {
    const max = Math.min(this.#slowStart?.window ?? this.#maxRecent, this.#maxRecent);
    return hasSlot(lane === 'refresh' ? lane : 'known', this.#recent, max);
  }

  get #recentFor(): number {
    return this.isStarting ? startWindowFor : recentFor;
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
