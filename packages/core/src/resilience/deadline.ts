import { onAbort } from '../abort.ts';
import type { Clock } from '../clock.ts';

export { orAfter, unlessAborted } from '../waits.ts';

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
