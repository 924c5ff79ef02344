import { KeysByName } from '../secret/keys-by-name.ts';
import type { Clock } from '../time/clock.ts';
import type { AnySecretError } from '../secret/errors.ts';

/** A secret that KMS refuses. Times are the clock's `now`. */
export interface Refusal {
  readonly error: AnySecretError;
  /** The first refusal. */
  readonly since: number;
  /** The last refusal. */
  readonly at: number;
  /** Consecutive refusals. */
  readonly times: number;
  /** The last version in memory; `undefined` if there was none. */
  readonly versionId: string | undefined;
}

/** A deleted policy may refuse every secret of a large process. */
const maxRefusals = 10_000;

/**
 * The secrets that KMS refuses and that were in memory or are pinned. An operator must see them: without this list, a secret that is
 * denied would vanish from the status of the client. Other names that KMS refuses may come from requests, and are not listed.
 */
export class Refusals {
  readonly #clock: Clock;
  readonly #onForgotten: (key: string) => void;
  /** The least recently refused first. */
  readonly #refusals = new Map<string, Refusal>();
  /** The keys of `#refusals`, the first refused first. */
  readonly #keys = new Set<string>();
  readonly #names = new KeysByName();

  /** `onForgotten`: called with the key of the oldest refusal when there are too many. */
  constructor(clock: Clock, onForgotten: (key: string) => void) {
    this.#clock = clock;
    this.#onForgotten = onForgotten;
  }

  get size(): number {
    return this.#refusals.size;
  }

  /** The first refused first. */
  get keys(): ReadonlySet<string> {
    return this.#keys;
  }

  /** The time of the first refusal; the clock's `now`. */
  get since(): number | undefined {
    const [first] = this.#keys;
    return first === undefined ? undefined : this.get(first)?.since;
  }

  get(key: string): Refusal | undefined {
    return this.#refusals.get(key);
  }

  /** `versionId`: the version in memory, which is dropped. `isListed`: whether a secret that is not in memory is listed. */
  record(
    key: string,
    error: AnySecretError,
    { versionId, isListed }: { readonly versionId: string | undefined; readonly isListed: boolean },
  ): void {
    const previous = this.#refusals.get(key);
    if (previous === undefined && !isListed) return;
    const now = this.#clock.now();
    // Deleted first: a Map keeps the position of a key that is set again.
    this.#refusals.delete(key);
    this.#refusals.set(key, {
      error,
      since: previous?.since ?? now,
      at: now,
      times: (previous?.times ?? 0) + 1,
      versionId: versionId ?? previous?.versionId,
    });
    this.#keys.add(key);
    this.#names.add(key);
    for (const oldest of this.#refusals.keys()) {
      if (this.#refusals.size <= maxRefusals) break;
      this.delete(oldest);
      this.#onForgotten(oldest);
    }
  }

  delete(key: string): void {
    if (!this.#refusals.delete(key)) return;
    this.#keys.delete(key);
    this.#names.delete(key);
  }

  /** Deletes the refusals of every stage and version of a secret, under its name and its ARN. */
  deleteRelated(name: string): void {
    for (const key of this.#names.related(name)) this.delete(key);
  }

  /** Forgets the secrets that were not requested for `idleTtl`, except pinned ones. `0` forgets none. */
  forgetIdle(idleTtl: number, isPinned: (key: string) => boolean): void {
    if (idleTtl === 0) return;
    const before = this.#clock.now() - idleTtl;
    for (const [key, { at }] of this.#refusals) {
      if (at > before) break;
      if (!isPinned(key)) this.delete(key);
    }
  }

  clear(): void {
    this.#refusals.clear();
    this.#keys.clear();
    this.#names.clear();
  }
}
