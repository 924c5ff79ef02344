import type { Entry } from './entry.ts';

/** The share of the entries that one scan selects: the next scan is needed only after as many evictions. */
const scanShare = 1 / 32;

/** The number of read times that a scan samples to find the threshold. Sorting all of them would block the event loop. */
const sampleSize = 1_024;

/**
 * Selects entries for eviction, least recently read first.
 *
 * A read only writes its time into its entry: an ordered list would make every read slower. A scan selects the oldest entries
 * for the next few hundred or thousand evictions. Selected entries that were read since are skipped; the others are still the
 * oldest, because read times only increase.
 */
export class LeastRecentlyRead {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** The keys of entries that are evicted only when no other entry is left. */
  readonly #protected: { has(key: string): boolean };
  /** The selected keys, the next one at the end. */
  #queue: string[] = [];
  #threshold = 0;

  constructor(entries: ReadonlyMap<string, Entry>, protectedKeys: { has(key: string): boolean }) {
    this.#entries = entries;
    this.#protected = protectedKeys;
  }

  /** The key of the least recently read entry other than `except`. */
  next(except: string): string | undefined {
    return this.#takeQueued(except) ?? this.#scan(except);
  }

  #takeQueued(except: string): string | undefined {
    for (let key = this.#queue.pop(); key !== undefined; key = this.#queue.pop()) {
      const entry = this.#entries.get(key);
      if (entry !== undefined && entry.readAt <= this.#threshold && key !== except) return key;
    }
    return undefined;
  }

  #scan(except: string): string | undefined {
    const unprotected = this.#select((entry) => entry.key !== except && !this.#protected.has(entry.key));
    const candidates = unprotected.length > 0 ? unprotected : this.#select(({ key }) => key !== except);
    const step = Math.ceil(candidates.length / sampleSize);
    const readTimes = candidates.filter((_, index) => index % step === 0).map(({ readAt }) => readAt);
    this.#threshold = readTimes.toSorted((a, b) => a - b)[Math.floor(readTimes.length * scanShare)] ?? 0;
    const oldest = candidates.filter(({ readAt }) => readAt <= this.#threshold);
    // Of the entries that were read in the same tick, the one stored first comes first.
    this.#queue = oldest
      .toSorted((a, b) => a.readAt - b.readAt)
      .map(({ key }) => key)
      .toReversed();
    return this.#takeQueued(except);
  }

  #select(isCandidate: (entry: Entry) => boolean): readonly Entry[] {
    const selected: Entry[] = [];
    for (const entry of this.#entries.values()) if (isCandidate(entry)) selected.push(entry);
    return selected;
  }
}
