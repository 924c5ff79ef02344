import type { Logger } from '../ports/logger.ts';
import type { AnySecretError } from '../secret/errors.ts';
import { KeysByName } from '../secret/keys-by-name.ts';

export interface PinsParts {
  /** The names of the option `preload`. They stay pinned and do not count for `limit`. */
  readonly preloaded: readonly string[];
  /** The option `limits.maxPinned`. */
  readonly limit: number;
  readonly logger: Logger;
}

interface Pin {
  count: number;
  refusal: AnySecretError | undefined;
}

/**
 * The secrets that something waits for: a handle, a listener of one secret, a preload. They are never idle, are evicted last, and are
 * fetched again if they are not in memory.
 */
export class Pins {
  readonly #parts: PinsParts;
  readonly #pins = new Map<string, Pin>();
  readonly #names = new KeysByName();
  #hasWarned = false;

  constructor(parts: PinsParts) {
    this.#parts = parts;
    for (const name of parts.preloaded) this.#add(name);
  }

  get size(): number {
    return this.#pins.size;
  }

  get keys(): Iterable<string> {
    return this.#pins.keys();
  }

  has(key: string): boolean {
    return this.#pins.has(key);
  }

  /** The number of handles, listeners and preloads that pin `key`. */
  countOf(key: string): number {
    return this.#pins.get(key)?.count ?? 0;
  }

  /** The pinned stages and versions of exactly this name or ARN. */
  keysOf(name: string): readonly string[] {
    return this.#names.of(name).filter((key) => this.#pins.has(key));
  }

  /** Same as `keysOf`, with the keys that may be of the same secret: of a name and its ARN. */
  relatedKeysOf(name: string): readonly string[] {
    return this.#names.related(name).filter((key) => this.#pins.has(key));
  }

  /** Returns whether `key` was pinned. Logs a warning for the first key beyond the limit. */
  add(key: string): boolean {
    const { limit, logger } = this.#parts;
    if (this.#pins.has(key) || this.#pins.size < limit + this.#parts.preloaded.length) {
      this.#add(key);
      return true;
    }
    if (!this.#hasWarned) {
      logger.warn(
        `${limit} secrets have a handle or a listener: those of further secrets do not keep them fresh (limits.maxPinned). Dispose of handles that you no longer need.`,
      );
    }
    this.#hasWarned = true;
    return false;
  }

  /** Returns whether it was the last pin of `key`. */
  release(key: string): boolean {
    const pin = this.#pins.get(key);
    if (pin === undefined) return false;
    pin.count -= 1;
    if (pin.count > 0) return false;
    this.#pins.delete(key);
    this.#names.delete(key);
    return true;
  }

  /** The error with which KMS refuses the secret, from the refusal until the next fetch that succeeds. */
  refusalOf(key: string): AnySecretError | undefined {
    return this.#pins.get(key)?.refusal;
  }

  setRefusal(key: string, refusal: AnySecretError | undefined): void {
    const pin = this.#pins.get(key);
    if (pin !== undefined) pin.refusal = refusal;
  }

  clear(): void {
    this.#pins.clear();
    this.#names.clear();
  }

  #add(key: string): void {
    const pin = this.#pins.get(key) ?? { count: 0, refusal: undefined };
    pin.count += 1;
    this.#pins.set(key, pin);
    this.#names.add(key);
  }
}
