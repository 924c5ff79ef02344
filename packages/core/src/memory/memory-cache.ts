import type { Entry } from './entry.ts';
import { KeysByName } from '../secret/keys-by-name.ts';

/** The cached secrets. It has no clock: callers pass the time. */
export class MemoryCache {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new KeysByName();

  lookup(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Stores `entry`, unless the cached one was fetched later. Returns whether it was stored. */
  store(entry: Entry): boolean {
    const cached = this.#entries.get(entry.key);
    if (cached !== undefined && cached.fetchedAt > entry.fetchedAt) return false;
    this.#entries.set(entry.key, entry);
    if (cached === undefined) this.#names.add(entry.key);
    return true;
  }

  delete(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (this.#entries.delete(key)) this.#names.delete(key);
    return entry;
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

  clear(): void {
    this.#entries.clear();
    this.#names.clear();
  }
}
