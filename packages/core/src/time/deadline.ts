import { onAbort } from './abort.ts';
import type { Ending, OwnEnding } from './abort.ts';
import type { Clock } from './clock.ts';

export { orAfter, unlessAborted } from './waits.ts';

/**
 * A budget of time, which ends when the time is up or when the budget it is part of has ended; as an `AbortSignal` for those
 * who want one.
 *
 * Not `AbortSignal.timeout` and `AbortSignal.any`: those read the machine's clock, and keep what they were made of alive.
 */
export class Deadline implements OwnEnding {
  readonly #onTime: () => void;
  readonly #leaveParent: () => void;
  readonly #clock: Clock;
  readonly #tasks = new Set<() => void>();
  /** Made when it is asked for: a fetch over the wire needs one for its attempt, and none for all else. */
  #controller: AbortController | undefined;
  #cancel: (() => void) | undefined;
  #end: { readonly reason: unknown } | undefined;

  constructor(parts: {
    readonly clock: Clock;
    /** Left out where the time begins later, with `begin`. */
    readonly ms?: number;
    readonly parent: Ending;
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
    if (!this.aborted) this.#cancel = this.#clock.after(ms, this.#onTime);
  }

  get aborted(): boolean {
    return this.#end !== undefined;
  }

  get reason(): unknown {
    return this.#end?.reason;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#end !== undefined) this.#controller.abort(this.#end.reason);
    }
    return this.#controller.signal;
  }

  onEnd(task: () => void): () => void {
    // Wrapped, so that one task given twice is two.
    const entry = (): void => task();
    this.#tasks.add(entry);
    return () => {
      this.#tasks.delete(entry);
    };
  }

  /** The work is done: nothing fires any more. */
  lift(): void {
    this.#cancel?.();
    this.#leaveParent();
  }

  /** Ends it before its time. */
  end(reason: unknown): void {
    this.lift();
    if (this.aborted) return;
    this.#end = { reason };
    this.#controller?.abort(reason);
    for (const task of this.#tasks) task();
    this.#tasks.clear();
  }
}
