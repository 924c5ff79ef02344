/** A token bucket. It is full at first. */
export class TokenBucket {
  #capacity: number;
  #tokens: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#tokens = capacity;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Tokens beyond the capacity are lost. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#tokens = Math.min(this.#tokens, capacity);
  }

  /** Takes all tokens, and `debt` more. */
  drain(debt: number): void {
    this.#tokens = -debt;
  }

  add(tokens: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + tokens);
  }

  /** Takes one token, unless fewer than `reserve` would be left. */
  take(reserve = 0): boolean {
    if (this.shortfall(reserve) > 0) return false;
    this.#tokens -= 1;
    return true;
  }

  /** The tokens that must be added before `take(reserve)` succeeds. */
  shortfall(reserve = 0): number {
    return Math.max(reserve + 1 - this.#tokens, 0);
  }
}
