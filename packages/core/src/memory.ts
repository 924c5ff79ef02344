// The story of what is kept: a secret that landed is remembered for its TTL and scheduled for its next refresh; one that
// could not be refreshed is served old for a while; one that KMS refuses is dropped. Each of these is told as an event.

import { createEntry, freshnessOf, nameOfKey } from './cache/entry.ts';
import type { Entry } from './cache/entry.ts';
import { MemoryCache } from './cache/memory-cache.ts';
import { ttlOf } from './cache/secret-ttl.ts';
import type { Clock } from './clock.ts';
import type { AnySecretError } from './errors.ts';
import type { SecretEmitter } from './events.ts';
import type { Logger } from './logger.ts';
import { durationText } from './option-rows.ts';
import { secretTtlFloor } from './options.ts';
import type { ResolvedOptions } from './options.ts';
import { Refresher } from './refresh/refresher.ts';
import { refreshIn, retryIn } from './refresh/schedule.ts';
import { Troubles } from './refresh/troubles.ts';
import type { Secret } from './secret.ts';
import type { SecretStatus, Tallies } from './status.ts';
import type { SecretRequest } from './transport.ts';

export interface MemoryParts {
  readonly options: ResolvedOptions;
  readonly logger: Logger;
  readonly events: SecretEmitter;
  readonly tallies: Tallies;
  /** Fetches what has come due; how that ends is told to `fetched` or `failed`. */
  readonly refetch: (key: string, request: SecretRequest) => Promise<unknown>;
  /** The request for a name that is to be preloaded and is not there yet. */
  readonly requestFor: (name: string) => SecretRequest;
}

/** A preloaded name that is refused is asked for no more often than this. */
const refusedWait = 30_000;

/** A fetch that came to nothing: see `resilience/fetcher.ts`, which tells it. */
interface FailedFetch {
  readonly error: AnySecretError;
  readonly kind: { readonly retry: boolean; readonly serveStale: boolean };
  readonly retryAfter?: number | undefined;
}

/** The secrets in memory, from the landing of a fetch to the end of their time. */
export class SecretMemory {
  readonly #parts: MemoryParts;
  readonly #clock: Clock;
  readonly #cache = new MemoryCache();
  readonly #troubles: Troubles;
  readonly #refresher: Refresher;

  constructor(parts: MemoryParts) {
    const { clock, refreshConcurrency: concurrency } = parts.options;
    this.#parts = parts;
    this.#clock = clock;
    this.#troubles = new Troubles(clock);
    this.#refresher = new Refresher({ clock, concurrency, refresh: (key) => this.#refreshDue(key) });
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#cache.entries;
  }

  lookup(key: string): Entry | undefined {
    return this.#cache.lookup(key);
  }

  refusal(key: string): AnySecretError | undefined {
    return this.#cache.refusal(key, this.#clock.now())?.error;
  }

  get counts(): { readonly secrets: number; readonly refusals: number } {
    return { secrets: this.#cache.size, refusals: this.#cache.refusals };
  }

  /** An entry whose TTL is over, if its value may be served at all; one that is too old for that is dropped. */
  unlessSpent(key: string, entry: Entry): Entry | undefined {
    if (this.#freshness(entry) !== 'spent') return entry;
    this.drop(key, 'spent');
    return undefined;
  }

  /** The old value, if it is known to be out of reach; tells of it the first time. */
  serveStale(key: string, entry: Entry): Secret | undefined {
    if (this.#freshness(entry) === 'spent') return undefined;
    const served = this.#troubles.serve(key, entry.secret);
    if (served === undefined) return undefined;
    this.#parts.tallies.staleReads.add();
    if (served.isFirst) {
      const age = this.#clock.now() - entry.fetchedAt;
      const error = this.#troubles.get(key)?.error;
      this.#parts.logger.warn(
        `Serving secret "${entry.request.name}", ${durationText(age)} old, because it cannot be refreshed. ${error?.message ?? ''}`,
      );
      this.#parts.events.emit('stale', { ...aboutEntry(entry), age, error });
    }
    return served.stale;
  }

  /** A fetch of `key` has not answered so far; what is in memory is served meanwhile. */
  inTrouble(key: string, error: AnySecretError): void {
    if (this.#cache.lookup(key) !== undefined) this.#troubles.begin(key, error);
  }

  /** A fetch has landed: its secret is kept, and comes due again in its time. */
  fetched(key: string, request: SecretRequest, landed: { readonly secret: Secret; readonly startedAt: number }): void {
    const { secret, startedAt } = landed;
    const previous = this.#cache.lookup(key);
    const ttl = this.#ttlOf(request.name, secret, previous === undefined);
    const rotatesIn = secret.rotation?.nextAt === undefined ? undefined : secret.rotation.nextAt - this.#clock.date();
    const entry = createEntry({ request, secret, ttl, fetchedAt: startedAt });
    if (!this.#cache.store(key, entry)) return;
    this.#troubles.over(key);
    const age = this.#clock.now() - startedAt;
    this.#refresher.schedule(key, refreshIn({ ttl, age, rotatesIn, random: this.#clock.random() }));
    if (previous === undefined) return;
    const about = { ...aboutEntry(entry), secret };
    this.#parts.events.emit('refreshed', about);
    if (secret.versionId === previous.secret.versionId) return;
    this.#parts.tallies.rotations.add();
    this.#parts.events.emit('rotated', { ...about, previousVersionId: previous.secret.versionId });
  }

  /** A fetch has come to nothing: the table of failures says what that means for what is kept. */
  failed(key: string, request: SecretRequest, { error, kind, retryAfter = 0 }: FailedFetch): void {
    const { options, tallies, events } = this.#parts;
    tallies.failedFetches.add();
    const { name, stage } = request;
    const versionId = this.#cache.lookup(key)?.secret.versionId ?? request.versionId;
    if (!kind.serveStale) this.#dropRefused(key, error);
    if (!kind.retry) this.#cache.refuse(key, { error, until: this.#clock.now() + options.negativeTtl });
    const isPreloaded = options.preload.includes(key);
    if (this.#cache.lookup(key) !== undefined || isPreloaded) {
      const wait = retryIn(this.#troubles.failed(key, error), this.#clock.random());
      // Refused, it is asked for again because access may be given back, not because it is likely.
      const least = kind.serveStale ? retryAfter : Math.max(options.negativeTtl, refusedWait);
      this.#refresher.schedule(key, Math.max(wait, least));
    }
    events.emit('failed', { name, stage, versionId, error });
  }

  /** A right that is lost, or a key that is disabled, holds for every stage and version; "not found" for what was asked. */
  #dropRefused(key: string, error: AnySecretError): void {
    const name = nameOfKey(key);
    const keys = error.code === 'ERR_SECRET_NOT_FOUND' ? [key] : this.#cache.keysOf(name);
    for (const refused of keys) this.drop(refused, 'refused');
  }

  drop(key: string, reason: 'refused' | 'invalidated' | 'spent'): void {
    const entry = this.#cache.drop(key);
    this.#troubles.over(key);
    this.#refresher.forget(key);
    if (entry === undefined) return;
    if (reason === 'refused')
      this.#parts.logger.warn(`Secret "${entry.request.name}" was refused by KMS and is dropped.`);
    this.#parts.events.emit('dropped', { ...aboutEntry(entry), reason });
  }

  /** Drops a secret in all its stages and versions, and forgets that it was refused. */
  invalidate(name: string): void {
    for (const key of this.#cache.keysOf(name)) this.drop(key, 'invalidated');
    this.#cache.forgetRefusals(name);
  }

  describe(): readonly SecretStatus[] {
    return [...this.#cache.entries].map(([key, entry]) => this.#statusOf(key, entry));
  }

  close(): void {
    this.#refresher.close();
    this.#troubles.clear();
    this.#cache.clear();
  }

  #freshness(entry: Entry): 'fresh' | 'stale' | 'spent' {
    return freshnessOf(entry, this.#clock.now(), this.#parts.options.staleIfError);
  }

  /** Never rejects: what a refresh came to is told by events. */
  async #refreshDue(key: string): Promise<void> {
    const entry = this.#cache.lookup(key);
    // What is too old to be served is dropped, and asked for all the same: the outage that made it old may be over.
    if (entry !== undefined) this.unlessSpent(key, entry);
    // Without an entry it is a name to preload that is not there: its key is its name.
    const request = entry?.request ?? this.#parts.requestFor(key);
    await this.#parts.refetch(key, request).catch(() => {});
  }

  #ttlOf(name: string, secret: Secret, isFirst: boolean): number {
    const { ttlProperty: property, secrets, ttl: usual } = this.#parts.options;
    const choice = ttlOf(secret, { property, floor: secretTtlFloor, named: secrets.get(name)?.ttl, usual });
    if (isFirst && choice.raisedFrom !== undefined) {
      this.#parts.logger.warn(
        `Secret "${name}" asks for a TTL of ${choice.raisedFrom} ms in its property "${String(property)}", and gets ${choice.ttl} ms. If seconds were meant, write milliseconds.`,
      );
    }
    return choice.ttl;
  }

  #statusOf(key: string, entry: Entry): SecretStatus {
    const { request, secret, ttl, fetchedAt } = entry;
    const now = this.#clock.now();
    const due = this.#refresher.dueAt(key);
    const trouble = this.#troubles.get(key);
    return {
      name: request.name,
      stage: request.stage,
      versionId: secret.versionId,
      type: secret.type,
      age: now - fetchedAt,
      ttl,
      freshness: this.#freshness(entry),
      nextRefreshIn: due === undefined ? undefined : due - now,
      lastFailure: trouble && {
        code: trouble.error.code,
        message: trouble.error.message,
        ago: now - trouble.at,
        times: trouble.times,
      },
    };
  }
}

function aboutEntry({ request, secret }: Entry): {
  readonly name: string;
  readonly stage: string | undefined;
  readonly versionId: string;
} {
  return { name: request.name, stage: request.stage, versionId: secret.versionId };
}
