import type { SecretRequest } from '../transport.ts';
import { cacheKey } from './entry.ts';
import { plainName } from '../secret-name.ts';

/** Beyond so many the oldest is let go: by then its store has long been told. */
const mostTombstones = 10_000;

/**
 * What must not be served any more from any store, whatever becomes of the store: what KMS refused, and what was
 * invalidated. An entry that was fetched after that, here or elsewhere, is served again.
 */
export class Tombstones {
  readonly #usualStage: string;
  /** By key, or by plain name for all stages and versions; the calendar's time. */
  readonly #dates = new Map<string, number>();

  constructor(usualStage: string) {
    this.#usualStage = usualStage;
  }

  bury(request: SecretRequest, date: number): void {
    this.#add(cacheKey(request, this.#usualStage), date);
  }

  buryAll(name: string, date: number): void {
    this.#add(allOf(name), date);
  }

  covers(request: SecretRequest, fetchedAt: number): boolean {
    const ids = [cacheKey(request, this.#usualStage), allOf(request.name)];
    return ids.some((id) => fetchedAt <= (this.#dates.get(id) ?? Number.NEGATIVE_INFINITY));
  }

  /** KMS has given it out since: of the calendar, which may have been set back, nothing must hold it up. */
  lift(request: SecretRequest): void {
    this.#dates.delete(cacheKey(request, this.#usualStage));
    this.#dates.delete(allOf(request.name));
  }

  #add(id: string, date: number): void {
    this.#dates.delete(id);
    this.#dates.set(id, date);
    for (const oldest of this.#dates.keys()) {
      if (this.#dates.size <= mostTombstones) break;
      this.#dates.delete(oldest);
    }
  }
}

/** No key begins like that: a name holds no control character. */
function allOf(name: string): string {
  return `\u0000${plainName(name)}`;
}
