import { onAbort } from './abort.ts';
import type { CancelSignal, LightSignal } from './abort.ts';
import type { Clock } from './clock.ts';

/** A timer that fires later than this (ms) shows that the process was suspended, or its event loop was blocked. */
const maxLateness = 1_000;

/** The time (ms) that a read gets after such a loss of time, once: enough for another attempt. */
export const graceAfterSuspension = 5_000;

/** Milliseconds that are left of `ms`, of which `elapsed` have passed. After a suspension, the grace is left. */
export function remainingOf(ms: number, elapsed: number): number {
  return elapsed > ms + maxLateness ? graceAfterSuspension : Math.max(ms - elapsed, 0);
}

export interface DeadlineParts {
  readonly clock: Clock;
  /** Milliseconds from now. Without it, the time starts with `start`. */
  readonly ms?: number;
  /** Its abort cancels the deadline. */
  readonly parent: CancelSignal;
  /** Makes the abort reason when the time is up. */
  readonly reason: () => Error;
  /** Whether the timer of `ms` keeps the process alive. Default: `false`. */
  readonly keepsAlive?: boolean;
  /** Milliseconds that are added once if the process lost time. Default: 0. */
  readonly grace?: number;
}

/**
 * A signal that aborts when its time is up or when its parent aborts.
 *
 * It does not use `AbortSignal.timeout` and `AbortSignal.any`: they use the timers of the machine instead of a `Clock`, and
 * retain their source signals.
 */
export class Deadline implements LightSignal {
  readonly #reason: () => Error;
  readonly #keepsAlive: boolean;
  readonly #removeFromParent: () => void;
  readonly #clock: Clock;
  readonly #tasks = new Set<() => void>();
  /** Created on demand: only transports and stores need a real `AbortSignal`. */
  #controller: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #grace: number;
  #outcome: { readonly reason: unknown } | undefined;

  constructor({ clock, ms, parent, reason, keepsAlive = false, grace = 0 }: DeadlineParts) {
    this.#clock = clock;
    this.#reason = reason;
    this.#keepsAlive = keepsAlive;
    this.#grace = grace;
    if (ms !== undefined) this.#setTimer(ms);
    this.#removeFromParent = parent.aborted ? () => {} : onAbort(parent, () => this.cancel(parent.reason));
    if (parent.aborted) this.cancel(parent.reason);
  }

  /** Starts the time: `ms` milliseconds from now. */
  start(ms: number): void {
    if (!this.aborted) this.#setTimer(ms);
  }

  get aborted(): boolean {
    return this.#outcome !== undefined;
  }

  get reason(): unknown {
    return this.#outcome?.reason;
  }

  /** This deadline as an `AbortSignal`. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#outcome !== undefined) this.#controller.abort(this.#outcome.reason);
    }
    return this.#controller.signal;
  }

  onAbort(task: () => void): () => void {
    // Wrapped, so that the same function passed twice counts as two tasks.
    const entry = (): void => task();
    this.#tasks.add(entry);
    return () => {
      this.#tasks.delete(entry);
    };
  }

  /** Removes the timer and the listener of the parent. Call it when the work is done. */
  clear(): void {
    this.#cancelTimer?.();
    this.#removeFromParent();
  }

  /** Aborts before the time is up. */
  cancel(reason: unknown): void {
    this.clear();
    if (this.aborted) return;
    this.#outcome = { reason };
    this.#controller?.abort(reason);
    for (const task of this.#tasks) task();
    this.#tasks.clear();
  }

  #setTimer(ms: number): void {
    const dueAt = this.#clock.now() + ms;
    const onTimeout = (): void => {
      const isLate = this.#clock.now() > dueAt + maxLateness;
      const grace = isLate ? this.#grace : 0;
      this.#grace = 0;
      if (grace > 0) this.#setTimer(grace);
      else this.cancel(this.#reason());
    };
    const clock = this.#clock;
    this.#cancelTimer = this.#keepsAlive ? clock.setTimer(ms, onTimeout) : clock.setUnrefTimer(ms, onTimeout);
  }
}

/** Settles like `promise`, or rejects with the signal's reason as soon as it aborts. */
export function raceAbort<Value>(promise: Promise<Value>, signal: CancelSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {});
      reject(signal.reason as Error);
      return;
    }
    const removeTask = onAbort(signal, () => reject(signal.reason as Error));
    promise.finally(removeTask).then(resolve, reject);
  });
}

interface TimeoutOptions<Value> {
  readonly ms: number;
  readonly onTimeout: () => Value | Promise<Value>;
  /** Milliseconds that are added once if the process lost time. Default: 0. */
  readonly grace?: number;
}

/**
 * Settles like `promise`, or after `ms` milliseconds with what `onTimeout` returns or throws.
 *
 * The timer keeps the process alive. Between two attempts there may be no other timer or socket that does, and a program that
 * only awaits a secret would exit in the middle of its read.
 */
export function withTimeout<Value>(
  promise: Promise<Value>,
  clock: Clock,
  { ms, onTimeout, grace = 0 }: TimeoutOptions<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const dueAt = clock.now() + ms;
    let cancelTimer = clock.setTimer(ms, () => {
      if (grace > 0 && clock.now() > dueAt + maxLateness) cancelTimer = clock.setTimer(grace, finish);
      else finish();
    });
    const finish = (): void => {
      try {
        resolve(onTimeout());
      } catch (error) {
        reject(error);
      }
    };
    promise.finally(() => cancelTimer()).then(resolve, reject);
  });
}
