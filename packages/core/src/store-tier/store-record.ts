import type { Clock } from '../time/clock.ts';
import type { StoreError } from '../secret/errors.ts';
import type { StoreStatus } from '../secret/status.ts';

interface LastMessage {
  readonly message: string;
  /** The clock's `now`. */
  readonly at: number;
}

/** What went wrong with a store since the client was created, for its status. */
export class StoreRecord {
  readonly #clock: Clock;
  #failures = 0;
  #dropped = 0;
  #lastDropped: LastMessage | undefined;
  #lastFailure: LastMessage | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of failed operations and lost changes. */
  get failures(): number {
    return this.#failures;
  }

  get lastFailure(): string | undefined {
    return this.#lastFailure?.message;
  }

  failed({ message }: StoreError, count = 1): void {
    this.#failures += count;
    this.#lastFailure = { message, at: this.#clock.now() };
  }

  dropped({ message }: StoreError): void {
    this.#dropped += 1;
    this.#lastDropped = { message, at: this.#clock.now() };
  }

  get status(): Pick<StoreStatus, 'dropped' | 'lastDropped' | 'lastFailure'> {
    return {
      dropped: this.#dropped,
      lastDropped: this.#withAge(this.#lastDropped),
      lastFailure: this.#withAge(this.#lastFailure),
    };
  }

  #withAge(last: LastMessage | undefined): { readonly message: string; readonly ago: number } | undefined {
    return last && { message: last.message, ago: this.#clock.now() - last.at };
  }
}
