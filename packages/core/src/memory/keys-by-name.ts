import { plainName } from '../secret/secret-name.ts';
import { nameOfKey } from '../secret/cache-key.ts';

/**
 * The cache keys of each secret, whatever name or ARN it was requested by. Dropping one secret out of a hundred thousand
 * must not need a scan of the others.
 */
export class KeysByName {
  /** By plain name. A key that equals its plain name, as most do, is not listed and costs nothing here. */
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

  /** Every key that was added for `name`. Always includes the plain name, added or not. */
  of(name: string): readonly string[] {
    const plain = plainName(name);
    return [plain, ...(this.#others.get(plain) ?? [])];
  }

  clear(): void {
    this.#others.clear();
  }
}
