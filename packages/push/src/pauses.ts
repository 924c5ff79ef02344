import type { Clock } from '@kms-secrets/core';

/**
 * Waits that end early when a signal aborts. One listener for all of them, because a signal warns of more than ten; none without a wait,
 * because the signal may live longer.
 */
export class Pauses {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #ends = new Set<() => void>();

  constructor({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Resolves after `ms` milliseconds, or when the signal aborts. Does not keep the process alive. */
  pause(ms: number): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#ends.delete(end);
        if (this.#ends.size === 0) this.#signal.removeEventListener('abort', this.#endAll);
        resolve();
      };
      const cancel = this.#clock.setUnrefTimer(ms, end);
      this.#ends.add(end);
      // Adding the same listener again has no effect.
      this.#signal.addEventListener('abort', this.#endAll);
    });
  }

  readonly #endAll = (): void => {
    for (const end of Array.from(this.#ends)) end();
  };
}
