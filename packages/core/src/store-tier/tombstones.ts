import type { SecretRequest } from '../secret/secret-request.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { plainName } from '../secret/secret-name.ts';

/** The oldest tombstone is evicted above this number. The write queue covers removals that are still pending. */
const maxTombstones = 10_000;

/** One instant by both clocks: the calendar, which can be set back, and the clock's `now`. */
export interface Instant {
  readonly date: number;
  /** `undefined` for a date in the future, whose age is unknown. */
  readonly now: number | undefined;
}

/**
 * Remembers what KMS refused or the caller invalidated, so that no store serves it, even one that failed to remove it. An
 * entry is served again if both clocks say that it was fetched later.
 */
export class Tombstones {
  readonly #defaultStage: string;
  /** By cache key, by name for all stages and versions, or by plain name for all its ARNs too. */
  readonly #instants = new Map<string, Instant>();

  constructor(defaultStage: string) {
    this.#defaultStage = defaultStage;
  }

  add(request: SecretRequest, instant: Instant): void {
    this.#set(cacheKey(request, this.#defaultStage), instant);
  }

  addAll(name: string, instant: Instant): void {
    this.#set(allRequestsOf(name), instant);
  }

  /** Same as `addAll`, and for a plain name its ARNs, for an ARN its plain name: they may be the same secret. */
  addRelated(name: string, instant: Instant): void {
    const plain = plainName(name);
    if (plain === name) {
      this.#set(allSpellingsOf(name), instant);
      return;
    }
    this.addAll(name, instant);
    this.addAll(plain, instant);
  }

  covers(request: SecretRequest, fetchedAt: Instant): boolean {
    return this.#idsOf(request).some((id) => {
      const instant = this.#instants.get(id);
      return instant !== undefined && !isAfter(fetchedAt, instant);
    });
  }

  /** KMS has returned the secret since. Comparing dates is not enough: the calendar may have been set back. */
  clear(request: SecretRequest): void {
    for (const id of this.#idsOf(request)) this.#instants.delete(id);
  }

  #idsOf(request: SecretRequest): readonly string[] {
    const { name } = request;
    return [cacheKey(request, this.#defaultStage), allRequestsOf(name), allSpellingsOf(plainName(name))];
  }

  #set(id: string, instant: Instant): void {
    this.#instants.delete(id);
    this.#instants.set(id, instant);
    for (const oldest of this.#instants.keys()) {
      if (this.#instants.size <= maxTombstones) break;
      this.#instants.delete(oldest);
    }
  }
}

/** Whether an instant is later than `other` by both clocks. */
export function isAfter({ date, now }: Instant, other: Instant): boolean {
  return date > other.date && now !== undefined && now > (other.now ?? Number.POSITIVE_INFINITY);
}

/** Differs from every cache key, because names contain no control characters. */
function allRequestsOf(name: string): string {
  return `\u0000${name}`;
}

function allSpellingsOf(plain: string): string {
  return `\u0000\u0000${plain}`;
}
