import type { Logger } from '../ports/logger.ts';
import type { ResolvedOptions } from '../options/options.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEvents } from '../secret/events.ts';
import { AbsentSecrets } from './absent-secrets.ts';
import type { Entry } from './entry.ts';
import { LastVersions } from './last-versions.ts';
import type { LastVersion } from './last-versions.ts';
import type { MemoryCache } from './memory-cache.ts';
import type { Outages } from './outages.ts';
import { Pins } from './pins.ts';
import type { RefreshQueue } from './refresh-queue.ts';
import { Refusals } from './refusals.ts';

type DropReason = SecretEvents['dropped']['reason'];

export interface PinnedSecretsParts {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly cache: MemoryCache;
  readonly queue: RefreshQueue;
  readonly outages: Outages;
}

/** The minimum delay before a pinned secret that KMS refused is fetched again (ms). */
export const refusedRetryDelay = 30_000;

/** Refreshes of several secrets at once are spread over this time (ms). */
export const refreshSpread = 1_000;

/** Fetches pinned secrets again after they were dropped, and remembers what their subscribers have seen. */
export class PinnedSecrets {
  readonly pins: Pins;
  readonly refusals: Refusals;
  readonly absent: AbsentSecrets;
  readonly #parts: PinnedSecretsParts;
  readonly #lastVersions: LastVersions;

  constructor(parts: PinnedSecretsParts) {
    const { preload: preloaded, limits } = parts.options;
    this.#parts = parts;
    this.refusals = new Refusals(parts.options.clock, (key) => this.absent.update(key));
    this.pins = new Pins({ preloaded, limit: limits.maxPinned, logger: parts.logger });
    this.#lastVersions = new LastVersions((key) => this.pins.has(key));
    this.absent = new AbsentSecrets({ ...parts, pins: this.pins, refusals: this.refusals });
  }

  /** `isFetched`: the secret is not in memory, and is fetched soon. Returns a function that removes the pin. */
  pin(key: string, { isFetched }: { readonly isFetched: boolean }): () => void {
    if (!this.pins.add(key)) return () => {};
    this.absent.update(key);
    this.#lastVersions.move(key);
    if (isFetched && !this.#parts.queue.isMissing(key)) this.#fetchIn(key, this.#spread());
    let isPinned = true;
    return () => {
      if (isPinned) this.#unpin(key);
      isPinned = false;
    };
  }

  /** The error with which KMS refuses the secret, and the last version that was dropped. */
  absenceOf(key: string): { readonly refusal: AnySecretError | undefined; readonly last: LastVersion | undefined } {
    return { refusal: this.pins.refusalOf(key), last: this.#lastVersions.get(key) };
  }

  /** Whether a drop of `key` makes it missing: it was in memory, or was missing before. */
  isFetchedAfterDrop(key: string, entry: Entry | undefined): boolean {
    return this.pins.has(key) && (entry !== undefined || this.#parts.queue.isMissing(key));
  }

  /** Called when a secret was dropped. `isFetchedAgain`: schedules its fetch. */
  dropped(
    key: string,
    entry: Entry | undefined,
    { reason, isFetchedAgain }: { readonly reason: DropReason; readonly isFetchedAgain: boolean },
  ): void {
    if (isFetchedAgain) this.#fetchIn(key, this.#delayAfterDrop(entry, reason));
    this.absent.update(key);
  }

  /** Called when the fetch of a pinned secret that is not in memory has failed. */
  fetchFailed(key: string): void {
    this.#parts.queue.addMissing(key);
    this.absent.update(key);
  }

  /** Records that KMS refuses a secret, before it is dropped. `entry`: its entry in memory. */
  refused(key: string, error: AnySecretError, entry: Entry | undefined): void {
    this.pins.setRefusal(key, error);
    const isListed = entry !== undefined || this.pins.has(key);
    this.refusals.record(key, error, { versionId: entry?.secret.versionId, isListed });
  }

  /** For `invalidate()`. */
  forgetRefusals(name: string): void {
    for (const key of this.pins.relatedKeysOf(name)) this.pins.setRefusal(key, undefined);
    this.refusals.deleteRelated(name);
    for (const key of this.pins.relatedKeysOf(name)) this.absent.update(key);
  }

  rememberVersion(key: string, version: LastVersion): void {
    this.#lastVersions.set(key, version);
  }

  /** Called when a secret was stored in memory. Returns the version that was dropped before. */
  stored(key: string): string | undefined {
    const last = this.#lastVersions.get(key);
    this.pins.setRefusal(key, undefined);
    this.refusals.delete(key);
    this.#lastVersions.delete(key);
    this.absent.update(key);
    return last?.versionId;
  }

  clear(): void {
    this.pins.clear();
    this.refusals.clear();
    this.absent.clear();
    this.#lastVersions.clear();
  }

  #fetchIn(key: string, delay: number): void {
    this.#parts.queue.addMissing(key);
    this.#parts.queue.reschedule(key, undefined, delay);
  }

  #delayAfterDrop(entry: Entry | undefined, reason: DropReason): number {
    if (reason === 'invalidated') return this.#spread();
    // Every entry is pinned. With the TTL as the delay, they evict each other no more often than they are refreshed.
    if (reason === 'evicted' && entry !== undefined) return entry.ttl;
    return Math.max(this.#parts.options.negativeTtl, refusedRetryDelay);
  }

  #unpin(key: string): void {
    if (!this.pins.release(key)) return;
    this.#lastVersions.move(key);
    if (this.#parts.queue.isMissing(key)) {
      this.#parts.queue.remove(key, undefined);
      this.#parts.outages.clear(key);
    }
    this.absent.update(key);
  }

  #spread(): number {
    return refreshSpread * this.#parts.options.clock.random();
  }
}
