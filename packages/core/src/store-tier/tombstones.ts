import type { SecretRequest } from '../ports/transport.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { plainName } from '../secret/secret-name.ts';

/** Beyond so many the oldest is let go: by then its store has long been told. */
const mostTombstones = 10_000;

/** The same moment by the calendar, which may be set, and by the clock's `now`, which an entry's is reckoned to by the calendar. */
export interface Moment {
  readonly date: number;
  /** `undefined` of a time to come, which may be any. */
  readonly now: number | undefined;
}

/**
 * What must not be served any more from any store, whatever becomes of the store: what KMS refused, and what was
 * invalidated. An entry that was fetched after that by either clock, here or elsewhere, is served again.
 */
export class Tombstones {
  readonly #usualStage: string;
  /** By key, or by plain name for all stages and versions. */
  readonly #moments = new Map<string, Moment>();

  constructor(usualStage: string) {
    this.#usualStage = usualStage;
  }

  bury(request: SecretRequest, moment: Moment): void {
    this.#add(cacheKey(request, this.#usualStage), moment);
  }

  buryAll(name: string, moment: Moment): void {
    this.#add(allOf(name), moment);
  }

  covers(request: SecretRequest, fetchedAt: Moment): boolean {
    const ids = [cacheKey(request, this.#usualStage), allOf(request.name)];
    return ids.some((id) => {
      const moment = this.#moments.get(id);
      return moment !== undefined && !isAfter(fetchedAt, moment);
    });
  }

  /** KMS has given it out since: of the calendar, which may have been set back, nothing must hold it up. */
  lift(request: SecretRequest): void {
    this.#moments.delete(cacheKey(request, this.#usualStage));
    this.#moments.delete(allOf(request.name));
  }

  #add(id: string, moment: Moment): void {
    this.#moments.delete(id);
    this.#moments.set(id, moment);
    for (const oldest of this.#moments.keys()) {
      if (this.#moments.size <= mostTombstones) break;
      this.#moments.delete(oldest);
    }
  }
}

/** Whether `moment` is later by both clocks. */
export function isAfter({ date, now }: Moment, other: Moment): boolean {
  return date > other.date && now !== undefined && now > (other.now ?? Number.POSITIVE_INFINITY);
}

/** No key begins like that: a name holds no control character. */
function allOf(name: string): string {
  return `\u0000${plainName(name)}`;
}
