import { onAbort } from './abort.ts';
import type { CancelSignal } from './abort.ts';

/**
 * The only source of time, timers and randomness in this package.
 *
 * There are two kinds of time. `now` measures ages. `date` is the calendar, which can be set back; an age cannot.
 */
export interface Clock {
  /** Milliseconds since an arbitrary start. Monotonic; includes the time that the machine was suspended. */
  now(): number;
  /** `now`, at most one turn of the event loop old: cheap enough for every read. */
  cachedNow(): number;
  /** Milliseconds since 1970 by the machine's calendar: for signatures and for dates that KMS returns. */
  date(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Runs `task` once after `ms` milliseconds. Returns a function that cancels it. Keeps the process alive. */
  setTimer(ms: number, task: () => void): () => void;
  /** Same as `setTimer`, but does not keep the process alive. */
  setUnrefTimer(ms: number, task: () => void): () => void;
}

/** The two clocks that a system clock combines: the machine's, or a test's. */
export interface TimeSource {
  wall(): number;
  monotonic(): number;
}

/** `setTimeout` fires immediately for a longer delay (about 24.8 days). */
const maxTimerDelay = 2_147_483_647;

/** The drift between the two clocks, and the time between two reads of them, is smaller than this (ms). */
const maxDrift = 100;

/**
 * The monotonic clock plus every forward jump of the calendar beyond it.
 *
 * Neither clock is enough. The monotonic clock stands still while a laptop sleeps or a function is frozen, so an old secret
 * would look fresh. The calendar can be set back, so a secret would stay fresh too long. Adding the larger step of each
 * read counts some time twice, because the calendar advances in whole milliseconds.
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

/**
 * A class with fields instead of closures, and whole milliseconds: `cachedNow` is on the path of every read, and small
 * integers in fields need no allocation.
 */
class SystemClock implements Clock {
  readonly #time = suspendAwareTime({ wall: () => Date.now(), monotonic: () => performance.now() });
  #cachedNow = 0;
  #isCached = false;

  now(): number {
    return Math.trunc(this.#time());
  }

  cachedNow(): number {
    if (!this.#isCached) this.#fillCache();
    return this.#cachedNow;
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

  #fillCache(): void {
    this.#cachedNow = this.now();
    this.#isCached = true;
    // Not unref'd: an unref'd immediate may not run in an idle loop, and the first read after it would see an old time.
    setImmediate(() => {
      this.#isCached = false;
    });
  }
}

/** The machine's clock: the only reader of its time, timers and randomness. */
export const systemClock: Clock = new SystemClock();

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const removeTask = onAbort(signal, () => {
      cancelTimer();
      reject(signal.reason as Error);
    });
    const cancelTimer = clock.setUnrefTimer(ms, () => {
      removeTask();
      resolve();
    });
  });
}
