// The story of what is kept: a secret that landed is remembered for its TTL and scheduled for its next refresh; one that
// could not be refreshed is served old for a while; one that KMS refuses is dropped. Each of these is told as an event.

import { aboutOf, Entry, freshnessOf, isFetchedAfter, nameOfKey, requestOfKey } from './entry.ts';
import type { AboutEntry } from './entry.ts';
import { statusOf } from './entry-status.ts';
import { LeastRecentlyRead } from './least-recently-read.ts';
import { MemoryCache } from './memory-cache.ts';
import { minOwnTtl, timesOf, ttlOf } from './secret-ttl.ts';
import type { Clock } from '../time/clock.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { SecretEmitter, SecretEvents } from '../secret/events.ts';
import type { Logger } from '../ports/logger.ts';
import { formatDuration } from '../time/duration.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { nowhere } from './due-heap.ts';
import type { Due } from './due-heap.ts';
import { Refresher } from './refresher.ts';
import { refreshIn, retryIn } from './schedule.ts';
import { Troubles } from './outages.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretStatus, Tallies } from '../secret/status.ts';
import type { SecretRequest } from '../ports/transport.ts';

export interface MemoryParts {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly events: SecretEmitter;
  readonly tallies: Tallies;
  /** Fetches what has come due; how that ends is told to `fetched` or `failed`. */
  readonly refetch: (key: string, request: SecretRequest) => Promise<unknown>;
}

/** The maximum number of concurrent background refreshes; fetches for readers are not counted. */
const concurrency = 16;

/** A preloaded name that is refused is asked for no more often than this. */
const refusedWait = 30_000;

/** A fleet that hears of something asks within so many milliseconds, and not at the same moment. */
const soon = 1_000;

/** What comes due: an entry, or a name that is to be preloaded and is not there. */
interface Awaited extends Due {
  readonly key: string;
}

/** A secret that is read as often as it is refreshed is used; one that nobody has read for so many TTLs is not. */
const idleTtls = 3;

/** The secrets in memory, from the landing of a fetch to the end of their time. */
export class SecretMemory {
  readonly #parts: MemoryParts;
  readonly #clock: Clock;
  readonly #cache = new MemoryCache();
  readonly #troubles: Troubles;
  readonly #refresher: Refresher<Awaited>;
  readonly #preloaded: ReadonlySet<string>;
  /** The names to preload that are not there. */
  readonly #missing = new Map<string, Awaited>();
  readonly #leastRead: LeastRecentlyRead;

  constructor(parts: MemoryParts) {
    const { clock, preload } = parts.options;
    this.#parts = parts;
    this.#clock = clock;
    this.#preloaded = new Set(preload);
    this.#troubles = new Troubles(clock);
    this.#leastRead = new LeastRecentlyRead(this.#cache.entries, this.#preloaded);
    this.#refresher = new Refresher({ clock, concurrency, refresh: ({ key }) => this.#refreshDue(key) });
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#cache.entries;
  }

  lookup(key: string): Entry | undefined {
    return this.#cache.lookup(key);
  }

  /** The keys under which stages and versions of `name` are kept. */
  keysOf(name: string): readonly string[] {
    return this.#cache.keysOf(name);
  }

  refusal(key: string): AnySecretError | undefined {
    // Looking at the clock takes as long as all else that a reader in a crowd does.
    if (this.#cache.refusals === 0) return undefined;
    return this.#cache.refusal(key, this.#clock.now())?.error;
  }

  get counts(): { readonly secrets: number; readonly refusals: number } {
    return { secrets: this.#cache.size, refusals: this.#cache.refusals };
  }

  /** An entry whose TTL is over, if its value may be served at all; one that is too old for that is dropped. */
  unlessSpent(entry: Entry): Entry | undefined {
    if (this.#freshness(entry) !== 'expired') return entry;
    this.drop(entry.key, 'expired');
    return undefined;
  }

  /** The old value, if it is known to be out of reach; tells of it the first time. */
  serveStale(entry: Entry): Secret | undefined {
    if (this.#freshness(entry) === 'expired') return undefined;
    const served = this.#troubles.serve(entry.key, entry.secret);
    if (served === undefined) return undefined;
    const now = this.#clock.now();
    // Nobody had read it for long, so nobody asked whether KMS is back.
    if (this.#isIdle(entry, now)) this.#refresher.schedule(entry, 0);
    entry.readAt = now;
    this.#parts.tallies.staleReads.add();
    if (served.isFirst) {
      const age = now - entry.fetchedAt;
      const about = this.#aboutOf(entry);
      const error = this.#troubles.get(entry.key)?.error;
      this.#parts.logger.warn(
        `Serving secret "${about.name}", ${formatDuration(age)} old, because it cannot be refreshed. ${error?.message ?? ''}`,
      );
      this.#parts.events.emit('stale', { ...about, age, error });
    }
    return served.stale;
  }

  /** A fetch of `key` has not answered so far; what is in memory is served meanwhile. */
  markFailing(key: string, error: AnySecretError): void {
    if (this.#cache.lookup(key) !== undefined) this.#troubles.begin(key, error);
  }

  /** A fetch has landed: its secret is kept, and comes due again in its time. */
  fetched(
    key: string,
    request: SecretRequest,
    { secret, startedAt: fetchedAt }: Omit<FetchedSecret, 'original'>,
  ): void {
    const ttl = this.#ttlOf(request.name, secret, !this.#cache.entries.has(key));
    this.#keep({ key, secret, ttl, fetchedAt });
  }

  /**
   * A store has it: kept if it was fetched later than what is there and may still be served, and old if its age is not
   * known, or if KMS was to rotate it since. Says whether it was kept, and whether a fresh value is in memory now.
   */
  offered(
    key: string,
    request: SecretRequest,
    found: { readonly secret: Secret; readonly fetchedAt: number | undefined },
  ): { readonly isKept: boolean; readonly isFresh: boolean } {
    const now = this.#clock.now();
    const previous = this.#cache.lookup(key);
    const usual = this.#ttlOf(request.name, found.secret, previous === undefined);
    const { fetchedAt, ttl } = timesOf(found, { usual, now, date: this.#clock.date() });
    const isSpent = now >= fetchedAt + ttl + this.#parts.options.staleIfError;
    const isKept = !isSpent && (previous === undefined || isFetchedAfter(previous, found));
    if (isKept) this.#keep({ key, secret: found.secret, ttl, fetchedAt });
    return { isKept, isFresh: now < (this.#cache.lookup(key)?.freshUntil ?? now) };
  }

  /** There is reason to ask again: another process met a refusal, or KMS is back, and so for all that is in trouble. */
  refetchSoon(keys: readonly string[] = this.#troubles.keys): void {
    for (const key of keys) {
      const awaited = this.#cache.lookup(key) ?? this.#missing.get(key);
      if (awaited !== undefined) this.#refresher.schedule(awaited, soon * this.#clock.random());
    }
  }

  /** A fetch has come to nothing: the table of failures says what that means for what is kept. */
  failed(key: string, request: SecretRequest, { error, kind, retryAfter = 0 }: FailedFetch): void {
    const { options, tallies, events } = this.#parts;
    tallies.failedFetches.add();
    const { name, stage } = request;
    const versionId = this.#cache.lookup(key)?.secret.versionId ?? request.versionId;
    if (!kind.serveStale) this.#dropRefused(key, error);
    if (!kind.retry) this.#cache.refuse(key, { error, until: this.#clock.now() + options.negativeTtl });
    const awaited = this.#cache.lookup(key) ?? this.#missingOf(key);
    if (awaited !== undefined) {
      const wait = retryIn(this.#troubles.failed(key, error), this.#clock.random());
      // Refused, it is asked for again because access may be given back, not because it is likely.
      const least = kind.serveStale ? retryAfter : Math.max(options.negativeTtl, refusedWait);
      this.#refresher.schedule(awaited, Math.max(wait, least));
    }
    events.emit('failed', { name, stage, versionId, error });
  }

  #keep(parts: {
    readonly key: string;
    readonly secret: Secret;
    readonly ttl: number;
    readonly fetchedAt: number;
  }): void {
    const { key, secret, ttl, fetchedAt } = parts;
    const now = this.#clock.now();
    const previous = this.#cache.lookup(key);
    // Looked at before anything is changed: a secret that somebody made wrongly may throw here.
    const rotatesIn = secret.rotation?.nextAt === undefined ? undefined : secret.rotation.nextAt - this.#clock.date();
    const entry = new Entry({ key, secret, ttl, fetchedAt, readAt: previous?.readAt ?? now });
    if (!this.#cache.store(entry)) return;
    this.#troubles.over(key);
    const scheduled = previous ?? this.#missing.get(key);
    if (scheduled !== undefined) this.#refresher.forget(scheduled);
    this.#missing.delete(key);
    this.#refresher.schedule(entry, refreshIn({ ttl, age: now - fetchedAt, rotatesIn, random: this.#clock.random() }));
    if (previous === undefined) this.#makeRoom(key);
    else this.#tellChange(previous, entry);
  }

  #tellChange(previous: Entry, entry: Entry): void {
    const { events, tallies } = this.#parts;
    const about = { ...this.#aboutOf(entry), secret: entry.secret };
    events.emit('refreshed', about);
    if (entry.secret.versionId === previous.secret.versionId) return;
    tallies.rotations.add();
    events.emit('rotated', { ...about, previousVersionId: previous.secret.versionId });
  }

  /** One secret too many came: what was not read for longest goes, and comes back when it is read. */
  #makeRoom(newcomer: string): void {
    while (this.#cache.size > this.#parts.options.limits.maxEntries) {
      const key = this.#leastRead.next(newcomer);
      if (key === undefined) return;
      this.drop(key, 'evicted');
    }
  }

  /** A right that is lost, or a key that is disabled, holds for every stage and version; "not found" for what was asked. */
  #dropRefused(key: string, error: AnySecretError): void {
    const keys = error.code === 'ERR_SECRET_NOT_FOUND' ? [key] : this.keysOf(nameOfKey(key));
    for (const refused of keys) this.drop(refused, 'refused');
  }

  drop(key: string, reason: SecretEvents['dropped']['reason']): void {
    const entry = this.#cache.drop(key);
    this.#troubles.over(key);
    const scheduled = entry ?? this.#missing.get(key);
    if (scheduled !== undefined) this.#refresher.forget(scheduled);
    if (entry === undefined) return;
    const about = this.#aboutOf(entry);
    if (reason === 'refused') this.#parts.logger.warn(`Secret "${about.name}" was refused by KMS and is dropped.`);
    this.#parts.events.emit('dropped', { ...about, reason });
  }

  /** Drops a secret in all its stages and versions, and forgets that it was refused. */
  invalidate(name: string): void {
    for (const key of this.keysOf(name)) this.drop(key, 'invalidated');
    this.#cache.forgetRefusals(name);
  }

  describe(): readonly SecretStatus[] {
    const [now, { stage }] = [this.#clock.now(), this.#parts.options];
    return [...this.#cache.entries.values()].map((entry) => {
      const [request, trouble] = [requestOfKey(entry.key, stage), this.#troubles.get(entry.key)];
      return statusOf(entry, { request, now, freshness: this.#freshness(entry), trouble });
    });
  }

  close(): void {
    this.#refresher.close();
    this.#troubles.clear();
    this.#missing.clear();
    this.#cache.clear();
  }

  #freshness(entry: Entry): 'fresh' | 'stale' | 'expired' {
    return freshnessOf(entry, this.#clock.now(), this.#parts.options.staleIfError);
  }

  /** Whether nobody has read it for so long that it is not worth another request to KMS. */
  #isIdle({ key, readAt, ttl }: Entry, now: number): boolean {
    const { idleTtl = idleTtls * ttl } = this.#parts.options;
    return idleTtl !== 0 && now - readAt >= idleTtl && !this.#preloaded.has(key);
  }

  /** Never rejects: what a refresh came to is told by events. */
  async #refreshDue(key: string): Promise<void> {
    const entry = this.#cache.lookup(key);
    if (entry !== undefined) {
      const isIdle = this.#isIdle(entry, this.#clock.now());
      // What is too old to be served is dropped, and asked for all the same: the outage that made it old may be over.
      const held = this.unlessSpent(entry);
      if (isIdle) {
        if (held !== undefined) this.#letRest(held);
        return;
      }
    }
    // Without an entry it is a name to preload that is not there.
    await this.#parts.refetch(key, requestOfKey(key, this.#parts.options.stage)).catch(() => {});
  }

  /** An old value that nobody reads may still be needed while KMS is away; asking for it can wait until it is. */
  #letRest(entry: Entry): void {
    if (this.#troubles.get(entry.key) === undefined) return this.drop(entry.key, 'idle');
    const spentAt = entry.freshUntil + this.#parts.options.staleIfError;
    return this.#refresher.schedule(entry, spentAt - this.#clock.now());
  }

  #missingOf(key: string): Awaited | undefined {
    if (!this.#preloaded.has(key)) return undefined;
    const missing = this.#missing.get(key) ?? { key, dueAt: 0, place: nowhere };
    this.#missing.set(key, missing);
    return missing;
  }

  #aboutOf(entry: Entry): AboutEntry {
    return aboutOf(entry, this.#parts.options.stage);
  }

  #ttlOf(name: string, secret: Secret, isFirst: boolean): number {
    const { ttlProperty: property, secrets, ttl: usual } = this.#parts.options;
    const choice = ttlOf(secret, { property, floor: minOwnTtl, named: secrets.get(name)?.ttl, usual });
    if (isFirst && choice.raisedFrom !== undefined) {
      this.#parts.logger.warn(
        `Secret "${name}" asks for a TTL of ${choice.raisedFrom} ms in its property "${String(property)}", and gets ${choice.ttl} ms. If seconds were meant, write milliseconds.`,
      );
    }
    return choice.ttl;
  }
}
