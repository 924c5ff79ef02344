import type { Entry } from './entry.ts';

/** About this share of the entries is found at a time, so that looking through all of them is seldom. */
const share = 1 / 32;

/** So many of them tell where that share ends: sorting them all would keep the event loop waiting. */
const sample = 1_024;

/**
 * Names what to forget first: the entries that were not read for longest.
 *
 * A read writes its time into its entry and does no more; an order that is kept up on every read would cost every read.
 * So the order is found when it is needed, for the next few hundred or thousand at once: of those the ones that were read
 * meanwhile are passed over, and nothing else can have become older than they are.
 */
export class LeastRecentlyRead {
  readonly #entries: ReadonlyMap<string, Entry>;
  /** Named only when nothing else is left. */
  readonly #last: ReadonlySet<string>;
  /** Keys, the next one at the end. */
  #queue: string[] = [];
  #readBy = 0;

  constructor(entries: ReadonlyMap<string, Entry>, last: ReadonlySet<string>) {
    this.#entries = entries;
    this.#last = last;
  }

  /** The key of the entry that was not read for longest, `except` left out. */
  next(except: string): string | undefined {
    return this.#queued(except) ?? this.#fill(except);
  }

  #queued(except: string): string | undefined {
    for (let key = this.#queue.pop(); key !== undefined; key = this.#queue.pop()) {
      const entry = this.#entries.get(key);
      if (entry !== undefined && entry.readAt <= this.#readBy && key !== except) return key;
    }
    return undefined;
  }

  #fill(except: string): string | undefined {
    const first = this.#candidates(except, ({ key }) => !this.#last.has(key));
    const candidates = first.length > 0 ? first : this.#candidates(except, () => true);
    const step = Math.ceil(candidates.length / sample);
    const times = candidates.filter((_, index) => index % step === 0).map(({ readAt }) => readAt);
    this.#readBy = times.toSorted((one, other) => one - other)[Math.floor(times.length * share)] ?? 0;
    const oldest = candidates.filter(({ readAt }) => readAt <= this.#readBy);
    this.#queue = oldest.toSorted((one, other) => other.readAt - one.readAt).map(({ key }) => key);
    return this.#queued(except);
  }

  #candidates(except: string, isWanted: (entry: Entry) => boolean): readonly Entry[] {
    const candidates: Entry[] = [];
    for (const entry of this.#entries.values()) if (entry.key !== except && isWanted(entry)) candidates.push(entry);
    return candidates;
  }
}
