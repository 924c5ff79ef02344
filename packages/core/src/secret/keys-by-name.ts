import { plainName } from './secret-name.ts';
import { isKeyOf, maybeKeyOf, nameOfKey } from './cache-key.ts';

/**
 * The cache keys of each secret: of its stages and versions, by its name and by ARNs. Dropping one of 100,000 secrets must not
 * need a scan of the others.
 */
export class KeysByName {
  /** The keys that differ from their plain name, by plain name. Most keys do not differ and need no memory here. */
  readonly #others = new Map<string, Set<string>>();

  add(key: string): void {
    const name = plainName(nameOfKey(key));
    if (name === key) return;
    this.#others.set(name, (this.#others.get(name) ?? new Set()).add(key));
  }

  delete(key: string): void {
    const name = plainName(nameOfKey(key));
    const others = this.#others.get(name);
    others?.delete(key);
    if (others?.size === 0) this.#others.delete(name);
  }

  /** The keys of exactly this name or ARN. A plain name is one of them, whether it was added or not. */
  of(name: string): readonly string[] {
    return this.#candidates(name).filter((key) => isKeyOf(key, name));
  }

  /** Same as `of`, with the keys that may be of the same secret: see `maybeKeyOf`. */
  related(name: string): readonly string[] {
    return this.#candidates(name).filter((key) => maybeKeyOf(key, name));
  }

  clear(): void {
    this.#others.clear();
  }

  #candidates(name: string): readonly string[] {
    const plain = plainName(name);
    return [plain, ...(this.#others.get(plain) ?? [])];
  }
}
