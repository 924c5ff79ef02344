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
  readonly #cancel: () => void;
  readonly #leaveParent: () => void;

  constructor(parts: {
    readonly clock: Clock;
    readonly ms: number;
    readonly parent: AbortSignal;
    /** What the signal's reason is when the time is up. */
    readonly reason: () => Error;
    /** Whether the process is to stay alive for it: a caller's own budget, unlike one in the background. */
    readonly isAwaited?: boolean;
  }) {
    const { clock, ms, parent, reason, isAwaited = false } = parts;
    const onTime = (): void => this.#end(reason());
    this.#cancel = isAwaited ? clock.hold(ms, onTime) : clock.after(ms, onTime);
    this.#leaveParent = parent.aborted ? () => {} : onAbort(parent, () => this.#end(parent.reason));
    if (parent.aborted) this.#end(parent.reason);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The work is done: nothing fires any more. */
  lift(): void {
    this.#cancel();
    this.#leaveParent();
  }

  #end(reason: unknown): void {
    this.lift();
    this.#controller.abort(reason);
  }
}
