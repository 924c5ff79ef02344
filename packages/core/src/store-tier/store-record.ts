import type { Clock } from '../time/clock.ts';
import { safeMessage } from '../secret/errors.ts';
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
  #foreignKeys: (LastMessage & { readonly keyIds: readonly string[] }) | undefined;

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

  failed(error: StoreError, count = 1): void {
    this.#failures += count;
    this.#lastFailure = { message: safeMessage(error), at: this.#clock.now() };
  }

  dropped(error: StoreError): void {
    this.#dropped += 1;
    this.#lastDropped = { message: safeMessage(error), at: this.#clock.now() };
  }

  get hasForeignKeys(): boolean {
    return this.#foreignKeys !== undefined;
  }

  /** `error` is `undefined` if there are none any more. */
  foreignKeys(keyIds: readonly string[], error: StoreError | undefined): void {
    const at = this.#foreignKeys?.at ?? this.#clock.now();
    this.#foreignKeys = error && { keyIds, message: safeMessage(error), at };
  }

  get status(): Pick<StoreStatus, 'dropped' | 'lastDropped' | 'lastFailure' | 'foreignKeys'> {
    const foreignKeys = this.#foreignKeys;
    return {
      foreignKeys: foreignKeys && { keyIds: foreignKeys.keyIds, ...this.#withAge(foreignKeys) },
      dropped: this.#dropped,
      lastDropped: this.#lastDropped && this.#withAge(this.#lastDropped),
      lastFailure: this.#lastFailure && this.#withAge(this.#lastFailure),
    };
  }

  #withAge({ message, at }: LastMessage): { readonly message: string; readonly ago: number } {
    return { message, ago: this.#clock.now() - at };
  }
}
