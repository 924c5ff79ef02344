import { onAbort } from './abort.ts';
import type { CancelSignal, LightSignal } from './abort.ts';
import type { Clock } from './clock.ts';
import { remainingOf, RunningTimer } from './running-timer.ts';
import type { RunningTimerSettings } from './running-timer.ts';
import { TaskList } from './task-list.ts';
import type { Task } from './task-list.ts';

export interface DeadlineParts extends RunningTimerSettings {
  /** Milliseconds from now. Without it, the time starts with `start`. */
  readonly ms?: number;
  /** Its abort cancels the deadline. */
  readonly parent: CancelSignal;
  /** Makes the abort reason when the time is up. */
  readonly reason: () => Error;
}

/**
 * A signal that aborts when its time is up or when its parent aborts.
 *
 * It does not use `AbortSignal.timeout` and `AbortSignal.any`: they use the timers of the machine instead of a `Clock`, and
 * retain their source signals.
 */
export class Deadline implements LightSignal {
  readonly #parts: DeadlineParts;
  readonly #parentTask: Task | undefined;
  #tasks: TaskList | undefined;
  /** Created on demand: only transports and stores need a real `AbortSignal`. */
  #controller: AbortController | undefined;
  #timer: RunningTimer | undefined;
  #outcome: { readonly reason: unknown } | undefined;

  constructor(parts: DeadlineParts) {
    const { ms, parent } = parts;
    this.#parts = parts;
    if (ms !== undefined) this.#setTimer(ms);
    this.#parentTask = parent.aborted ? undefined : onAbort(parent, () => this.cancel(parent.reason));
    if (parent.aborted) this.cancel(parent.reason);
  }

  /** Starts the time: `ms` milliseconds from now. */
  start(ms: number): void {
    if (!this.aborted) this.#setTimer(ms);
  }

  /** Starts the time, `ms` milliseconds from `startedAt` (the clock's `now`), unless it has started before. */
  startFrom(startedAt: number, ms: number): void {
    if (this.#timer === undefined) this.start(remainingOf(ms, this.#parts.clock.now() - startedAt));
  }

  /** Stops the time until the next `start`. */
  stop(): void {
    this.#timer?.clear();
  }

  /** Milliseconds of the time so far that the process lost. See `RunningTimer`. */
  get lost(): number {
    return this.#timer?.lost ?? 0;
  }

  get aborted(): boolean {
    return this.#outcome !== undefined;
  }

  get reason(): unknown {
    return this.#outcome?.reason;
  }

  throwIfAborted(): void {
    if (this.#outcome !== undefined) throw this.#outcome.reason;
  }

  /** This deadline as an `AbortSignal`. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#outcome !== undefined) this.#controller.abort(this.#outcome.reason);
    }
    return this.#controller.signal;
  }

  onAbort(task: () => void): Task {
    this.#tasks ??= new TaskList();
    return this.#tasks.add(task);
  }

  /** Removes the timer and the listener of the parent. Call it when the work is done. */
  clear(): void {
    this.#timer?.clear();
    this.#parentTask?.remove();
  }

  /** Aborts before the time is up. */
  cancel(reason: unknown): void {
    this.clear();
    if (this.aborted) return;
    this.#outcome = { reason };
    this.#controller?.abort(reason);
    this.#tasks?.runAll();
  }

  #setTimer(ms: number): void {
    this.#timer = new RunningTimer(this.#parts, ms, () => this.cancel(this.#parts.reason()));
  }
}

/** Settles like `promise`, or rejects with the signal's reason as soon as it aborts. Calls `onSettled` when `promise` settles. */
export function raceAbort<Value>(
  promise: Promise<Value>,
  signal: CancelSignal,
  onSettled: () => void = () => {},
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const task = signal.aborted ? undefined : onAbort(signal, () => reject(signal.reason as Error));
    const cleanUp = (): void => {
      task?.remove();
      onSettled();
    };
    if (signal.aborted) reject(signal.reason as Error);
    // A `finally` would create four more promises.
    promise.then(
      (value) => {
        cleanUp();
        resolve(value);
      },
      (error: unknown) => {
        cleanUp();
        reject(error);
      },
    );
  });
}

interface TimeoutOptions<Value> extends Pick<RunningTimerSettings, 'limits'> {
  readonly ms: number;
  readonly onTimeout: () => Value | Promise<Value>;
}

/**
 * Settles like `promise`, or after `ms` milliseconds with what `onTimeout` returns or throws. Time that the process loses does not
 * count: see `RunningTimer`.
 *
 * The timer keeps the process alive. Between two attempts there may be no other timer or socket that does, and a program that
 * only awaits a secret would exit in the middle of its read.
 */
export function withTimeout<Value>(
  promise: Promise<Value>,
  clock: Clock,
  { ms, onTimeout, limits }: TimeoutOptions<Value>,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const task = (): void => {
      try {
        resolve(onTimeout());
      } catch (error) {
        reject(error);
      }
    };
    const timer = new RunningTimer({ clock, limits, keepsAlive: true }, ms, task);
    promise.then(
      (value) => {
        timer.clear();
        resolve(value);
      },
      (error: unknown) => {
        timer.clear();
        reject(error);
      },
    );
  });
}
