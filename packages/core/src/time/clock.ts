import { onAbort } from './abort.ts';
import type { CancelSignal } from './abort.ts';
import { ticksOf } from './ticks.ts';
import type { TickClock, Ticks } from './ticks.ts';

/**
 * The only source of time, timers and randomness in this package.
 *
 * There are two kinds of time. `now` measures ages and never goes back. `date` is the calendar, which an operator or NTP can
 * set back.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start. Monotonic; includes the time that the machine was suspended. */
  now(): number;
  /** `now`, at most one turn of the event loop old: cheap enough for every read. */
  cachedNow(): number;
  /** Milliseconds since 1970 by the calendar of the machine: for signatures and for dates that KMS returns. */
  date(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Runs `task` once after `ms` milliseconds. Returns a function that cancels it. The timer keeps the process alive. */
  setTimer(ms: number, task: () => void): () => void;
  /** Same as `setTimer`, but does not keep the process alive. */
  setUnrefTimer(ms: number, task: () => void): () => void;
}

/** The two clocks that `suspendAwareTime` combines. Tests pass their own. */
export interface TimeSource {
  /** Milliseconds since 1970. Can be set forward and back. */
  wall(): number;
  /** Milliseconds since an arbitrary start. May stand still while the machine is suspended. */
  monotonic(): number;
}

/** The longest delay of `setTimeout` (ms), about 24.8 days: it fires immediately for a longer one. */
const maxTimerDelay = 2_147_483_647;

/** A larger difference between the steps of the two clocks (ms) is not drift: the machine was suspended or its date was set. */
const maxDrift = 100;

/**
 * Returns a clock in milliseconds: the monotonic clock plus every forward jump of the wall clock relative to it.
 *
 * Neither clock is enough. The monotonic clock stands still while a laptop sleeps or a function is frozen, so an old secret
 * would look fresh. The wall clock can be set back, so a secret would stay fresh too long. The sum of the larger steps of the
 * two is no alternative: the wall clock advances in whole milliseconds, so it counts some time twice.
 */
export function suspendAwareTime(source: TimeSource): () => number {
  const startedAt = source.monotonic();
  let lead = source.wall() - startedAt;
  let suspended = 0;
  return () => {
    const monotonic = source.monotonic();
    const currentLead = source.wall() - monotonic;
    if (currentLead > lead + maxDrift) suspended += currentLead - lead;
    if (currentLead > lead + maxDrift || currentLead < lead) lead = currentLead;
    return monotonic - startedAt + suspended;
  };
}

const notCached = -1 as Ticks;

/**
 * A class with fields instead of closures: every read calls `cachedTicks`. Whole milliseconds and ticks: small integers in fields need
 * no allocation.
 */
class SystemClock implements Clock, TickClock {
  /** Created by the first reading: the first use of `performance` loads eleven modules of Node. */
  #time: (() => number) | undefined;
  #cachedNow = 0;
  /** `notCached` until something reads the time. Not a flag of its own, which every read would load. */
  #cachedTicks = notCached;

  now(): number {
    this.#time ??= suspendAwareTime({ wall: () => Date.now(), monotonic: () => performance.now() });
    return Math.trunc(this.#time());
  }

  cachedNow(): number {
    if (this.#cachedTicks < 0) this.#fillCache();
    return this.#cachedNow;
  }

  cachedTicks(): Ticks {
    const ticks = this.#cachedTicks;
    return ticks < 0 ? this.#fillCache() : ticks;
  }

  date(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  setTimer(ms: number, task: () => void): () => void {
    const timer = setTimeout(task, Math.min(ms, maxTimerDelay));
    return () => clearTimeout(timer);
  }

  setUnrefTimer(ms: number, task: () => void): () => void {
    const timer = setTimeout(task, Math.min(ms, maxTimerDelay));
    timer.unref();
    return () => clearTimeout(timer);
  }

  #fillCache(): Ticks {
    this.#cachedNow = this.now();
    const ticks = ticksOf(this.#cachedNow);
    this.#cachedTicks = ticks;
    // Not unref'd: an unref'd immediate may not run in an idle event loop, and the next read would see an old time.
    setImmediate(() => {
      this.#cachedTicks = notCached;
    });
    return ticks;
  }
}

/** The clock of the machine. */
export const systemClock: Clock = new SystemClock();

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. Does not keep the process alive. */
export function sleep(clock: Clock, ms: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const cancellation = onAbort(signal, () => {
      cancelTimer();
      reject(signal.reason as Error);
    });
    const cancelTimer = clock.setUnrefTimer(ms, () => {
      cancellation.remove();
      resolve();
    });
  });
}
