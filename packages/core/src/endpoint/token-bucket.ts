/** What may be spent, one at a time: never more than it holds, and it holds no more than its size. It is full at first. */
export class TokenBucket {
  readonly #capacity: number;
  #tokens: number;

  constructor(size: number) {
    this.#capacity = size;
    this.#tokens = size;
  }

  add(tokens: number): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + tokens);
  }

  /** Takes one, unless fewer than `spared` would be left. */
  take(spared = 0): boolean {
    if (this.shortfall(spared) > 0) return false;
    this.#tokens -= 1;
    return true;
  }

  /** How many must be added before one can be taken. */
  shortfall(spared = 0): number {
    return Math.max(spared + 1 - this.#tokens, 0);
  }
}
