import { isError } from '@kms-secrets/core';

import type { FakeKms } from '../fake-kms/fake-kms.ts';
import { CliError } from './cli-error.ts';
import type { SecretEntry } from './secrets-file.ts';

/** What an edit of the secrets file did, by name, and the messages about entries that could not be served. */
export interface EditResult {
  readonly added: readonly string[];
  readonly rotated: readonly string[];
  readonly removed: readonly string[];
  readonly errors: readonly string[];
}

/** The secrets of the file, as the fake serves them. */
export class ServedSecrets {
  readonly #kms: FakeKms;
  readonly #entries = new Map<string, SecretEntry>();

  constructor(parts: { kms: FakeKms }) {
    this.#kms = parts.kms;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** Throws a `CliError` for an invalid entry. */
  putAll(entries: readonly SecretEntry[]): void {
    const [firstError] = this.update(entries).errors;
    if (firstError !== undefined) throw new CliError(firstError);
  }

  /** Rotates the secrets whose entries changed, adds new ones and removes the others. An invalid entry changes nothing. */
  update(entries: readonly SecretEntry[]): EditResult {
    const result = { added: [], rotated: [], removed: [], errors: [] } as Record<keyof EditResult, string[]>;
    const attempt = (name: string, done: string[], action: () => void): void => {
      try {
        action();
        done.push(name);
      } catch (error) {
        const message = isError(error) ? error.message : 'unknown error';
        result.errors.push(`The secret ${JSON.stringify(name)} is invalid: ${message}`);
      }
    };
    for (const entry of entries) {
      const previous = this.#entries.get(entry.name);
      if (previous !== undefined && isSame(previous, entry)) continue;
      attempt(entry.name, previous === undefined ? result.added : result.rotated, () => this.#serve(entry, previous));
    }
    const names = new Set(entries.map(({ name }) => name));
    for (const name of this.#entries.keys()) {
      if (!names.has(name)) attempt(name, result.removed, () => this.#remove(name));
    }
    return result;
  }

  #serve(entry: SecretEntry, previous: SecretEntry | undefined): void {
    const { name, value, options } = entry;
    const isOnlyValue = previous !== undefined && isSame({ ...previous, value }, entry);
    // A fixed version id or stage applies to each version, which only `put` supports.
    if (isOnlyValue && options.versionId === undefined && options.stages === undefined)
      this.#kms.rotate(name, { value });
    else this.#kms.put(name, value, options);
    this.#entries.set(name, entry);
  }

  #remove(name: string): void {
    this.#entries.delete(name);
    this.#kms.remove(name);
  }
}

function isSame(one: SecretEntry, other: SecretEntry): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
