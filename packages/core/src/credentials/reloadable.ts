import type { Clock } from '../time/clock.ts';

/** How often files are checked for changes (ms). There is no timer: a request that needs the value checks them. */
const checkInterval = 10_000;

export interface ReloadableParts<Value> {
  readonly initial: Value;
  /** Reads the files again. Returns `undefined` if nothing has changed, or if the new content is invalid. */
  readonly read: (current: Value) => Value | undefined;
  readonly clock: Clock;
}

/** A value from files that another program may replace, such as a client key. */
export class Reloadable<Value> {
  readonly #parts: ReloadableParts<Value>;
  #value: Value;
  #checkedAt: number;

  constructor(parts: ReloadableParts<Value>) {
    this.#parts = parts;
    this.#value = parts.initial;
    this.#checkedAt = parts.clock.now();
  }

  /** The value. Checks the files if the last check was more than 10 s ago. */
  get(): Value {
    if (this.#parts.clock.now() - this.#checkedAt >= checkInterval) this.#check();
    return this.#value;
  }

  /** Checks the files now, because KMS rejected `used`. Returns whether another value has replaced it. */
  replace(used: Value): boolean {
    if (this.#value === used) this.#check();
    return this.#value !== used;
  }

  #check(): void {
    this.#checkedAt = this.#parts.clock.now();
    this.#value = this.#parts.read(this.#value) ?? this.#value;
  }
}
