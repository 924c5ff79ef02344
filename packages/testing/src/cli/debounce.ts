import type { Clock } from '@kms-secrets/core';

/** Runs a task once after a series of triggers, `delay` milliseconds after the last one. */
export class Debounce {
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #task: () => void;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: { clock: Clock; delay: number; task: () => void }) {
    this.#clock = parts.clock;
    this.#delay = parts.delay;
    this.#task = parts.task;
  }

  trigger(): void {
    this.cancel();
    this.#cancelTimer = this.#clock.setUnrefTimer(this.#delay, () => {
      this.#cancelTimer = undefined;
      this.#task();
    });
  }

  cancel(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
