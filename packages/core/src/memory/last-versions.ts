import type { SecretEvents } from '../secret/events.ts';

/** The version of a secret that was dropped from memory. */
export interface LastVersion {
  readonly versionId: string;
  readonly reason: SecretEvents['dropped']['reason'];
}

/** Names may come from requests, so the versions of secrets that are not pinned are bounded; the oldest is removed first. */
const maxUnpinned = 10_000;

/**
 * The last version of each secret that is no longer in memory. With it, a secret that was denied, invalidated or evicted and returns in
 * another version is a rotation.
 */
export class LastVersions {
  readonly #isPinned: (key: string) => boolean;
  readonly #pinned = new Map<string, LastVersion>();
  readonly #others = new Map<string, LastVersion>();

  constructor(isPinned: (key: string) => boolean) {
    this.#isPinned = isPinned;
  }

  get(key: string): LastVersion | undefined {
    return this.#pinned.get(key) ?? this.#others.get(key);
  }

  set(key: string, version: LastVersion): void {
    this.delete(key);
    if (this.#isPinned(key)) {
      this.#pinned.set(key, version);
      return;
    }
    this.#others.set(key, version);
    for (const oldest of this.#others.keys()) {
      if (this.#others.size <= maxUnpinned) break;
      this.#others.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#pinned.delete(key);
    this.#others.delete(key);
  }

  /** Moves the version of `key` after a change of `isPinned`. */
  move(key: string): void {
    const version = this.get(key);
    if (version !== undefined) this.set(key, version);
  }

  clear(): void {
    this.#pinned.clear();
    this.#others.clear();
  }
}
