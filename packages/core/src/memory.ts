// The story of what is kept: a secret that landed is remembered for its TTL and scheduled for its next refresh; one that
// could not be refreshed is served old for a while; one that KMS refuses is dropped. Each of these is told as an event.

import { createEntry, freshnessOf } from './cache/entry.ts';
import type { Entry } from './cache/entry.ts';
import { MemoryCache } from './cache/memory-cache.ts';
import { ttlOf } from './cache/secret-ttl.ts';
import type { Clock } from './clock.ts';
import type { AnySecretError } from './errors.ts';
import type { SecretEmitter } from './events.ts';
import type { FailureKind } from './failures.ts';
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
    const entry = createEntry({ request, secret, ttl, fetchedAt: startedAt });
    if (!this.#cache.store(key, entry)) return;
    this.#troubles.over(key);
    const rotatesIn = secret.rotation?.nextAt === undefined ? undefined : secret.rotation.nextAt - this.#clock.date();
    this.#refresher.schedule(key, refreshIn({ ttl, rotatesIn, random: this.#clock.random() }));
    if (previous === undefined) return;
    const about = { ...aboutEntry(entry), secret };
    this.#parts.events.emit('refreshed', about);
    if (secret.versionId === previous.secret.versionId) return;
    this.#parts.tallies.rotations.add();
    this.#parts.events.emit('rotated', { ...about, previousVersionId: previous.secret.versionId });
  }

  /** A fetch has come to nothing: the table of failures says what that means for what is kept. */
  failed(
    key: string,
    request: SecretRequest,
    { error, kind }: { readonly error: AnySecretError; readonly kind: FailureKind },
  ): void {
    const { options, tallies, events } = this.#parts;
    tallies.failedFetches.add();
    const { name, stage } = request;
    const versionId = this.#cache.lookup(key)?.secret.versionId ?? request.versionId;
    if (!kind.serveStale) this.drop(key, 'refused');
    if (!kind.retry && !kind.failover)
      this.#cache.refuse(key, { error, until: this.#clock.now() + options.negativeTtl });
    const isWanted = this.#cache.lookup(key) !== undefined || (kind.serveStale && options.preload.includes(key));
    if (isWanted) this.#refresher.schedule(key, retryIn(this.#troubles.failed(key, error), this.#clock.random()));
    events.emit('failed', { name, stage, versionId, error });
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
    return [...this.#cache.entries()].map(([key, entry]) => this.#statusOf(key, entry));
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
    if (entry !== undefined && this.unlessSpent(key, entry) === undefined) return;
    // Without an entry it is a name to preload that could not be had yet: its key is its name.
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
