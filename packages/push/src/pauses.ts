import type { Clock } from '@kms-secrets/core';

/** Waits that end early when a signal aborts. One listener for all of them: a signal warns of more than ten. */
export class Pauses {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #ends = new Set<() => void>();

  constructor({ clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal }) {
    this.#clock = clock;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#endAll(), { once: true });
  }

  /** Resolves after `ms` milliseconds, or when the signal aborts. Does not keep the process alive. */
  pause(ms: number): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#ends.delete(end);
        resolve();
      };
      const cancel = this.#clock.setUnrefTimer(ms, end);
      this.#ends.add(end);
    });
  }

  #endAll(): void {
    for (const end of Array.from(this.#ends)) end();
  }
}
