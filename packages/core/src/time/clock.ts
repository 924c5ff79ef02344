import { onAbort } from './abort.ts';
import type { Ending } from './abort.ts';

/**
 * The only way anything in this package learns the time, waits, or takes a chance.
 *
 * Two kinds of time, because they answer different questions: `now` measures how old something is, `date` is what the
 * calendar says. A calendar can be set back; an age cannot.
 */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back, and goes on while the machine sleeps. */
  now(): number;
  /** As `now`, but at most one turn of the event loop old: what a read in the hot path can afford. */
  recent(): number;
  /** Milliseconds since 1970 by the machine's calendar: for signatures, and for dates that KMS tells. */
  date(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Runs `task` once after `ms`, without keeping the process alive for it; returns a function that calls it off. */
  after(ms: number, task: () => void): () => void;
  /** As `after`, but keeps the process alive: for a wait that somebody's `await` hangs on. */
  hold(ms: number, task: () => void): () => void;
}

/** What a system clock is made of; the machine's own by default, a test's otherwise. */
export interface MachineTime {
  wall(): number;
  monotonic(): number;
}

/** `setTimeout` fires at once for anything longer than this many milliseconds (about 24.8 days). */
const longestTimer = 2_147_483_647;

/** The two clocks drift apart by less, and a look at one is no further from the look at the other. */
const jitter = 100;

/**
 * The monotonic clock, and whatever the calendar has passed by beyond it: a jump of the calendar ahead.
 *
 * Neither alone will do: the monotonic clock stands still while a laptop sleeps or a function is frozen, so an old
 * secret would seem fresh; the calendar can be set back, so a secret would stay fresh for an hour too long. Nor the larger
 * of two small steps, look by look: a calendar of whole milliseconds takes them at other moments, and both would be counted.
 */
export function steadyTime(machine: MachineTime): () => number {
  const begun = machine.monotonic();
  let ahead = machine.wall() - begun;
  let slept = 0;
  return () => {
    const monotonic = machine.monotonic();
    const lead = machine.wall() - monotonic;
    if (lead > ahead + jitter) slept += lead - ahead;
    if (lead > ahead + jitter || lead < ahead) ahead = lead;
    return monotonic - begun + slept;
  };
}

/**
 * A class with fields, not closures over variables, and whole milliseconds: `recent` stands in the path of every read, and
 * both keep it from allocating (a small integer needs no box).
 */
class SystemClock implements Clock {
  readonly #time = steadyTime({ wall: () => Date.now(), monotonic: () => performance.now() });
  #recent = 0;
  #isRecent = false;

  now(): number {
    return Math.trunc(this.#time());
  }

  recent(): number {
    if (!this.#isRecent) this.#lookUp();
    return this.#recent;
  }

  date(): number {
    return Date.now();
  }

  random(): number {
    return Math.random();
  }

  after(ms: number, task: () => void): () => void {
    const timer = setTimeout(task, Math.min(ms, longestTimer));
    timer.unref();
    return () => clearTimeout(timer);
  }

  hold(ms: number, task: () => void): () => void {
    const timer = setTimeout(task, Math.min(ms, longestTimer));
    return () => clearTimeout(timer);
  }

  #lookUp(): void {
    this.#recent = this.now();
    this.#isRecent = true;
    // Not unref'd: an unref'd immediate may sleep through an idle loop, and the first read after it would see old time.
    setImmediate(() => {
      this.#isRecent = false;
    });
  }
}

/** The machine's clock: the one place that reads its time, its timers and its chance. */
export const systemClock: Clock = new SystemClock();

/** Waits `ms`; rejects with the signal's own reason as soon as it fires. */
export function sleep(clock: Clock, ms: number, signal: Ending): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const callOff = onAbort(signal, () => {
      cancel();
      reject(signal.reason as Error);
    });
    const cancel = clock.after(ms, () => {
      callOff();
      resolve();
    });
  });
}
