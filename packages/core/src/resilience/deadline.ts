import { onAbort } from '../abort.ts';
import type { Clock } from '../clock.ts';

/**
 * A budget of time as an `AbortSignal`, which fires when the time is up or when the budget it is part of has ended.
 *
 * Not `AbortSignal.timeout` and `AbortSignal.any`: those read the machine's clock, and keep what they were made of alive.
 */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #onTime: () => void;
  readonly #leaveParent: () => void;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;

  constructor(parts: {
    readonly clock: Clock;
    /** Left out where the time begins later, with `begin`. */
    readonly ms?: number;
    readonly parent: AbortSignal;
    /** What the signal's reason is when the time is up. */
    readonly reason: () => Error;
    /** Whether the process is to stay alive for it: a caller's own budget, unlike one in the background. */
    readonly isAwaited?: boolean;
  }) {
    const { clock, ms, parent, reason, isAwaited = false } = parts;
    this.#clock = clock;
    this.#onTime = () => this.end(reason());
    if (ms !== undefined) this.#cancel = isAwaited ? clock.hold(ms, this.#onTime) : clock.after(ms, this.#onTime);
    this.#leaveParent = parent.aborted ? () => {} : onAbort(parent, () => this.end(parent.reason));
    if (parent.aborted) this.end(parent.reason);
  }

  /** From now on there are `ms` left. */
  begin(ms: number): void {
    if (!this.signal.aborted) this.#cancel = this.#clock.after(ms, this.#onTime);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The work is done: nothing fires any more. */
  lift(): void {
    this.#cancel?.();
    this.#leaveParent();
  }

  /** Ends it before its time. */
  end(reason: unknown): void {
    this.lift();
    this.#controller.abort(reason);
  }
}

/** Settles as `promise` does, but rejects with the signal's own reason as soon as it fires: no work can outstay it. */
export function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => {});
      reject(signal.reason as Error);
      return;
    }
    const callOff = onAbort(signal, () => reject(signal.reason as Error));
    promise.finally(callOff).then(resolve, reject);
  });
}

/**
 * `promise`, or what `late` makes of it when `ms` have gone by. The process stays alive until then: between two tries
 * nothing else may be under way, and a program that only awaits a secret would end in the middle of its read.
 */
export function orAfter<Value>(
  promise: Promise<Value>,
  clock: Clock,
  { ms, late }: { readonly ms: number; readonly late: () => Value },
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const cancel = clock.hold(ms, () => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    });
    promise.finally(cancel).then(resolve, reject);
  });
}
