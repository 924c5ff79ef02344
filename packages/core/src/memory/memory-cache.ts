import type { AnySecretError } from '../secret/errors.ts';
import type { Entry } from './entry.ts';
import { isKeyOf } from './entry.ts';
import { KeysByName } from './keys-by-name.ts';

/** A refusal that is remembered, so that a name written wrongly cannot drain the account's quota. */
export interface Refusal {
  readonly error: AnySecretError;
  /** The clock's `now`. */
  readonly until: number;
}

/** Names come from users, sometimes from a request's own words: refusals are bounded, the oldest goes first. */
const mostRefusals = 10_000;

/** What is remembered: the secrets, and the refusals. Knows nothing of time; its callers compare. */
export class MemoryCache {
  readonly #entries = new Map<string, Entry>();
  readonly #names = new KeysByName();
  readonly #refusals = new Map<string, Refusal>();

  lookup(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps `entry`, unless what is there was fetched later. */
  store(entry: Entry): boolean {
    const present = this.#entries.get(entry.key);
    if (present !== undefined && present.fetchedAt > entry.fetchedAt) return false;
    this.#entries.set(entry.key, entry);
    if (present === undefined) this.#names.add(entry.key);
    this.#refusals.delete(entry.key);
    return true;
  }

  drop(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (this.#entries.delete(key)) this.#names.delete(key);
    return entry;
  }

  refusal(key: string, now: number): Refusal | undefined {
    const refusal = this.#refusals.get(key);
    if (refusal === undefined || now < refusal.until) return refusal;
    this.#refusals.delete(key);
    return undefined;
  }

  refuse(key: string, refusal: Refusal): void {
    this.#refusals.delete(key);
    this.#refusals.set(key, refusal);
    for (const oldest of this.#refusals.keys()) {
      if (this.#refusals.size <= mostRefusals) break;
      this.#refusals.delete(oldest);
    }
  }

  forgetRefusals(name: string): void {
    for (const key of this.#refusals.keys()) if (isKeyOf(key, name)) this.#refusals.delete(key);
  }

  /** The keys under which stages and versions of `name` are kept. */
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
