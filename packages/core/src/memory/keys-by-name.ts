import { plainName } from '../secret/secret-name.ts';
import { nameOfKey } from './entry.ts';

/**
 * The keys of a secret, by whatever name or ARN they were asked by: where a right is lost to a hundred thousand secrets, none of
 * them must cost a look through all the others.
 */
export class KeysByName {
  /** By plain name. A key that is one itself, as most are, stands for itself and costs nothing here. */
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

  /** Every key that was added for `name`, and perhaps its plain name, added or not. */
  of(name: string): readonly string[] {
    const plain = plainName(name);
    return [plain, ...(this.#others.get(plain) ?? [])];
  }

  clear(): void {
    this.#others.clear();
  }
}
