import { isKeyOf } from '../secret/cache-key.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Entry } from './entry.ts';
import { KeysByName } from './keys-by-name.ts';

/** An error by which KMS refused a secret, cached so that a misspelt name cannot use up the account's quota. */
export interface CachedRefusal {
  readonly error: AnySecretError;
  /** The clock's `now`. */
  readonly until: number;
}

/** Names may come from requests, so cached refusals are bounded; the oldest is removed first. */
const maxRefusals = 10_000;

/** The cached secrets and refusals. It has no clock: callers compare times. */
export class MemoryCache {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new KeysByName();
  readonly #refusals = new Map<string, CachedRefusal>();

  lookup(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Stores `entry` unless the cached one was fetched later. Returns whether it was stored. */
  store(entry: Entry): boolean {
    const cached = this.#entries.get(entry.key);
    if (cached !== undefined && cached.fetchedAt > entry.fetchedAt) return false;
    this.#entries.set(entry.key, entry);
    if (cached === undefined) this.#names.add(entry.key);
    this.#refusals.delete(entry.key);
    return true;
  }

  delete(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (this.#entries.delete(key)) this.#names.delete(key);
    return entry;
  }

  refusal(key: string, now: number): CachedRefusal | undefined {
    const refusal = this.#refusals.get(key);
    if (refusal === undefined || now < refusal.until) return refusal;
    this.#refusals.delete(key);
    return undefined;
  }

  setRefusal(key: string, refusal: CachedRefusal): void {
    // Deleted first: a Map keeps the position of a key that is set again.
    this.#refusals.delete(key);
    this.#refusals.set(key, refusal);
    for (const oldest of this.#refusals.keys()) {
      if (this.#refusals.size <= maxRefusals) break;
      this.#refusals.delete(oldest);
    }
  }

  deleteRefusals(name: string): void {
    for (const key of this.#refusals.keys()) if (isKeyOf(key, name)) this.#refusals.delete(key);
  }

  /** The keys under which stages and versions of `name` are cached. */
  keysOf(name: string): readonly string[] {
    return this.#names.of(name).filter((key) => this.#entries.has(key));
  }

  /** The map itself, always the same one. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get refusals(): number {
    return this.#refusals.size;
  }

  clear(): void {
    this.#entries.clear();
    this.#names.clear();
    this.#refusals.clear();
  }
}
