/** A token bucket. It is full at first. */
export class TokenBucket {
  readonly #capacity: number;
  #tokens: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#tokens = capacity;
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
