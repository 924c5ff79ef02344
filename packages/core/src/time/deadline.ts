import { onAbort } from './abort.ts';
import type { CancelSignal, LightSignal } from './abort.ts';
import type { Clock } from './clock.ts';

export interface DeadlineParts {
  readonly clock: Clock;
  /** Milliseconds. Left out if the time starts later, with `start`. */
  readonly ms?: number;
  /** Cancels this deadline too. */
  readonly parent: CancelSignal;
  /** Makes the abort reason when the time is up. */
  readonly reason: () => Error;
  /** Whether the timer keeps the process alive: true for a read that a caller awaits, false for background work. */
  readonly keepsAlive?: boolean;
}

/**
 * A time limit that aborts when its time is up or when its parent aborts.
 *
 * It does not use `AbortSignal.timeout` and `AbortSignal.any`: those read the machine's clock and retain their sources.
 */
export class Deadline implements LightSignal {
  readonly #onTimeout: () => void;
  readonly #leaveParent: () => void;
  readonly #clock: Clock;
  readonly #tasks = new Set<() => void>();
  /** Created on demand: only the transport needs a real `AbortSignal`. */
  #controller: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;
  #outcome: { readonly reason: unknown } | undefined;

  constructor({ clock, ms, parent, reason, keepsAlive = false }: DeadlineParts) {
    this.#clock = clock;
    this.#onTimeout = () => this.cancel(reason());
    if (ms !== undefined) {
      this.#cancelTimer = keepsAlive ? clock.setTimer(ms, this.#onTimeout) : clock.setUnrefTimer(ms, this.#onTimeout);
    }
    this.#leaveParent = parent.aborted ? () => {} : onAbort(parent, () => this.cancel(parent.reason));
    if (parent.aborted) this.cancel(parent.reason);
  }

  /** Starts the time limit: `ms` milliseconds from now. */
  start(ms: number): void {
    if (!this.aborted) this.#cancelTimer = this.#clock.setUnrefTimer(ms, this.#onTimeout);
  }

  get aborted(): boolean {
    return this.#outcome !== undefined;
  }

  get reason(): unknown {
    return this.#outcome?.reason;
  }

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

  /** Removes the timer and the parent's listener: the work is done. */
  clear(): void {
    this.#cancelTimer?.();
    this.#leaveParent();
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

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
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
 * Settles as `promise` does, or with the result of `onTimeout` after `ms` milliseconds.
 *
 * The timer keeps the process alive. Between two attempts nothing else may be pending, and a program that only awaits a
 * secret would exit in the middle of its read.
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
