/** The names of the secrets that exist, as far as this client knows. They go before other names at the rate limiter. */
export class KnownSecrets {
  readonly #configured: ReadonlySet<string>;
  readonly #maxFetched: number;
  /** The names that were fetched, in two generations: a name that is deleted and added again at each fetch would outgrow the table. */
  #recent = new Set<string>();
  #older = new Set<string>();

  /** `configured`: names in the options, which stay known. Keeps at least the last `maxFetched` names, and at most twice as many. */
  constructor(configured: Iterable<string>, maxFetched: number) {
    this.#configured = new Set(configured);
    this.#maxFetched = maxFetched;
  }

  has(name: string): boolean {
    return this.#recent.has(name) || this.#older.has(name) || this.#configured.has(name);
  }

  fetched(name: string): void {
    if (this.#recent.has(name)) return;
    if (this.#recent.size >= this.#maxFetched) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(name);
  }

  /** KMS refused the secret. */
  refused(name: string): void {
    this.#recent.delete(name);
    this.#older.delete(name);
  }
}
