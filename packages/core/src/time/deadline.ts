import { onAbort } from './abort.ts';
import type { CancelSignal, LightSignal } from './abort.ts';
import type { Clock } from './clock.ts';

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
}

/**
 * A signal that aborts when its time is up or when its parent aborts.
 *
 * It does not use `AbortSignal.timeout` and `AbortSignal.any`: they use the timers of the machine instead of a `Clock`, and
 * retain their source signals.
 */
export class Deadline implements LightSignal {
  readonly #onTimeout: () => void;
  readonly #removeFromParent: () => void;
  readonly #clock: Clock;
  readonly #tasks = new Set<() => void>();
  /** Created on demand: only transports and stores need a real `AbortSignal`. */
  #controller: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #outcome: { readonly reason: unknown } | undefined;

  constructor({ clock, ms, parent, reason, keepsAlive = false }: DeadlineParts) {
    this.#clock = clock;
    this.#onTimeout = () => this.cancel(reason());
    if (ms !== undefined) {
      this.#cancelTimer = keepsAlive ? clock.setTimer(ms, this.#onTimeout) : clock.setUnrefTimer(ms, this.#onTimeout);
    }
    this.#removeFromParent = parent.aborted ? () => {} : onAbort(parent, () => this.cancel(parent.reason));
    if (parent.aborted) this.cancel(parent.reason);
  }

  /** Starts the time: `ms` milliseconds from now. The timer does not keep the process alive. */
  start(ms: number): void {
    if (!this.aborted) this.#cancelTimer = this.#clock.setUnrefTimer(ms, this.#onTimeout);
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

/**
 * Settles like `promise`, or after `ms` milliseconds with what `onTimeout` returns or throws.
 *
 * The timer keeps the process alive. Between two attempts there may be no other timer or socket that does, and a program that
 * only awaits a secret would exit in the middle of its read.
 */
export function withTimeout<Value>(
  promise: Promise<Value>,
  clock: Clock,
  { ms, onTimeout }: { readonly ms: number; readonly onTimeout: () => Value },
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancelTimer = clock.setTimer(ms, () => {
      try {
        resolve(onTimeout());
      } catch (error) {
        reject(error);
      }
    });
    promise.finally(cancelTimer).then(resolve, reject);
  });
}
