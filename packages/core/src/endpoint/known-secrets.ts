/** The names of the secrets that exist, as far as this client knows. They go before other names at the rate limiter. */
export class KnownSecrets {
  readonly #configured: ReadonlySet<string>;
  readonly #maxFetched: number;
  /** The names that were fetched, the one that was fetched least recently first. */
  readonly #fetched = new Set<string>();

  /** `configured`: names in the options, which stay known. */
  constructor(configured: Iterable<string>, maxFetched: number) {
    this.#configured = new Set(configured);
    this.#maxFetched = maxFetched;
  }

  has(name: string): boolean {
    return this.#fetched.has(name) || this.#configured.has(name);
  }

  fetched(name: string): void {
    this.#fetched.delete(name);
    this.#fetched.add(name);
    if (this.#fetched.size <= this.#maxFetched) return;
    const [oldest] = this.#fetched;
    if (oldest !== undefined) this.#fetched.delete(oldest);
  }

  /** KMS refused the secret. */
  refused(name: string): void {
    this.#fetched.delete(name);
  }
}
