import type { Clock } from '@kms-secrets/core';

/** A signature is valid from 60 s before its date to 60 s after it. No event can be replayed after that. */
const keepFor = 180_000;
const maxIds = 10_000;

/** Remembers the ids of the last events. When it is full, it forgets the oldest one. */
export class EventIds {
  readonly #clock: Clock;
  /** Id -> when it was added (the clock's `now`), oldest first. */
  readonly #addedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the id is new. It is then remembered. */
  add(id: string): boolean {
    const now = this.#clock.now();
    this.#forgetWhile((addedAt) => now - addedAt >= keepFor);
    if (this.#addedAt.has(id)) return false;
    this.#forgetWhile(() => this.#addedAt.size >= maxIds);
    this.#addedAt.set(id, now);
    return true;
  }

  /** Forgets ids from the oldest on, as long as the condition holds. */
  #forgetWhile(isDue: (addedAt: number) => boolean): void {
    for (const [oldest, addedAt] of this.#addedAt) {
      if (!isDue(addedAt)) return;
      this.#addedAt.delete(oldest);
    }
  }
}
