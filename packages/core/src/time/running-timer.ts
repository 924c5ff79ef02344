import type { Clock } from './clock.ts';

/** An operation has this many parts, or more if they would be longer than that (ms). Time that is lost within a part counts. */
const minParts = 4;
const maxPartLength = 250;

/** A part that ends this late (ms) is a sign of lost time. Less is the normal inaccuracy of timers. */
const normalLateness = 50;

/** A part that ends later than this (ms): the process was suspended, and its connections may be dead. */
const suspendedAfter = 5_000;

/** The longest time (ms) that a caller waits in addition, once: enough for another attempt. */
const maxCallerExtension = 5_000;

export interface RunningTimerSettings {
  readonly clock: Clock;
  /**
   * What the time limits. An operation of a store or an endpoint is not charged for lost time. A caller does not wait longer for it:
   * only if the process loses time at the end of the wait, the wait is extended by as much, once and by at most five seconds.
   */
  readonly limits?: 'operation' | 'caller' | undefined;
  /** The milliseconds that remain after a suspension. Default: as many as before it. */
  readonly afterSuspension?: number | undefined;
  /** Whether the timer keeps the process alive. Default: `false`. */
  readonly keepsAlive?: boolean | undefined;
}

/**
 * A timer that knows of lost time: the event loop was blocked, or the process was suspended. In that time Node reads no sockets and
 * no files, and after it, timers run first: a timeout would fail a store or an endpoint whose response has already arrived.
 *
 * The time is divided into parts. A part that ends late delays the end of the timer by as much.
 */
export class RunningTimer {
  readonly #settings: RunningTimerSettings;
  readonly #task: () => void;
  #remaining: number;
  #parts: number;
  #isExtended = false;
  #lost = 0;
  #dueAt = 0;
  #partLength = 0;
  #cancel: (() => void) | undefined;
  readonly #end = (): void => this.#endPart();

  /** Runs `task` after `ms` milliseconds. */
  constructor(settings: RunningTimerSettings, ms: number, task: () => void) {
    this.#settings = settings;
    this.#task = task;
    this.#remaining = ms;
    this.#parts = settings.limits === 'caller' ? 1 : Math.max(minParts, Math.ceil(ms / maxPartLength));
    this.#startPart();
  }

  /** Milliseconds by which its parts have ended late so far. */
  get lost(): number {
    return this.#lost + Math.max(this.#settings.clock.now() - this.#dueAt, 0);
  }

  clear(): void {
    this.#cancel?.();
  }

  #startPart(): void {
    const ms = Math.ceil(this.#remaining / this.#parts);
    const { clock, keepsAlive = false } = this.#settings;
    this.#partLength = ms;
    this.#dueAt = clock.now() + ms;
    this.#cancel = keepsAlive ? clock.setTimer(ms, this.#end) : clock.setUnrefTimer(ms, this.#end);
  }

  #endPart(): void {
    const ms = this.#partLength;
    const { clock, limits, afterSuspension } = this.#settings;
    const late = Math.max(clock.now() - this.#dueAt, 0);
    this.#lost += late;
    this.#remaining -= ms;
    this.#parts = Math.max(this.#parts - 1, 1);
    if (late > suspendedAfter && afterSuspension !== undefined) this.#extendOnce(afterSuspension);
    else if (late > normalLateness && this.#remaining <= 0) {
      this.#extendOnce(Math.min(late, limits === 'caller' ? maxCallerExtension : ms));
    }
    if (this.#remaining > 0) this.#startPart();
    else this.#task();
  }

  #extendOnce(ms: number): void {
    if (this.#isExtended) return;
    this.#isExtended = true;
    this.#parts = 1;
    this.#remaining = ms;
  }
}

/** Milliseconds that are left of the `ms` of a caller, of which `elapsed` have passed. */
export function remainingOf(ms: number, elapsed: number): number {
  const late = elapsed - ms;
  return late > normalLateness ? Math.min(late, maxCallerExtension) : Math.max(-late, 0);
}
