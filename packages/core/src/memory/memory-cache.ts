import { maybeKeyOf } from '../secret/cache-key.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { Entry } from './entry.ts';
import { KeysByName } from './keys-by-name.ts';

/**
 * An error that a retry would not change, such as "not found". It is cached so that a misspelt name cannot use up the quota of
 * the account.
 */
export interface CachedError {
  readonly error: AnySecretError;
  /** The clock's `now`. */
  readonly until: number;
}

/** Names may come from requests, so cached errors are bounded; the oldest is removed first. */
const maxErrors = 10_000;

/** The cached secrets and errors. It has no clock: callers pass the time. */
export class MemoryCache {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new KeysByName();
  readonly #errors = new Map<string, CachedError>();

  lookup(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Stores `entry`, unless the cached one was fetched later. Returns whether it was stored. */
  store(entry: Entry): boolean {
    const cached = this.#entries.get(entry.key);
    if (cached !== undefined && cached.fetchedAt > entry.fetchedAt) return false;
    this.#entries.set(entry.key, entry);
    if (cached === undefined) this.#names.add(entry.key);
    this.#errors.delete(entry.key);
    return true;
  }

  delete(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (this.#entries.delete(key)) this.#names.delete(key);
    return entry;
  }

  cachedError(key: string, now: number): CachedError | undefined {
    const cached = this.#errors.get(key);
    if (cached === undefined || now < cached.until) return cached;
    this.#errors.delete(key);
    return undefined;
  }

  cacheError(key: string, error: CachedError): void {
    // Deleted first: a Map keeps the position of a key that is set again.
    this.#errors.delete(key);
    this.#errors.set(key, error);
    for (const oldest of this.#errors.keys()) {
      if (this.#errors.size <= maxErrors) break;
      this.#errors.delete(oldest);
    }
  }

  deleteErrors(name: string): void {
    for (const key of this.#errors.keys()) if (maybeKeyOf(key, name)) this.#errors.delete(key);
  }

  /** The keys under which stages and versions of exactly this name or ARN are cached. */
  keysOf(name: string): readonly string[] {
    return this.#names.of(name).filter((key) => this.#entries.has(key));
  }

  /** Same as `keysOf`, with the keys that may be of the same secret: a name and its ARN. */
  relatedKeysOf(name: string): readonly string[] {
    return this.#names.related(name).filter((key) => this.#entries.has(key));
  }

  /** The map itself, always the same one. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.size;
  }

  get errorCount(): number {
    return this.#errors.size;
  }

  clear(): void {
    this.#entries.clear();
    this.#names.clear();
    this.#errors.clear();
  }
}
