// The story of one read: what is fresh in memory is served at once; for anything else one fetch is begun, or joined; while
// KMS cannot be reached, the old value is served and said to be old; what KMS refuses is never served again.

import { cacheKey, isKeyOf } from '../memory/entry.ts';
import type { Entry } from '../memory/entry.ts';
import type { Clock } from '../time/clock.ts';
import { ClientClosedError, messageOf, SecretSetError } from '../secret/errors.ts';
import { SecretEmitter } from '../secret/events.ts';
import type { SecretEventName, SecretListener } from '../secret/events.ts';
import { guardedLogger } from '../ports/logger.ts';
import type { Logger } from '../ports/logger.ts';
import { SecretMemory } from '../memory/memory.ts';
import type { ReadOptions, ResolvedOptions } from '../options/options.ts';
import { readRequest, requestFor } from './read-request.ts';
import { fullJitter } from '../fetch/backoff.ts';
import { Batching } from '../fetch/batching.ts';
import { raceAbort } from '../time/deadline.ts';
import { EndpointSet } from '../endpoint/endpoint-set.ts';
import { deadlineError } from '../fetch/fetch-error.ts';
import { Fetcher } from '../fetch/fetcher.ts';
import type { Flight } from '../fetch/fetcher.ts';
import { preloadAll } from './preload.ts';
import { Reader } from './reader.ts';
import { Recovery } from './recovery.ts';
import { readSet } from './secret-set.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';
import type { Secret } from '../secret/secret.ts';
import { createTallies, totalsOf } from '../secret/status.ts';
import type { ClientDescription, ClientStats } from '../secret/status.ts';
import { SecretTiers } from '../store-tier/store-tier.ts';
import type { SecretRequest, SecretTransport } from '../ports/transport.ts';

export interface ClientParts {
  readonly options: ResolvedOptions;
  /** In the order given. */
  readonly transports: readonly [SecretTransport, ...SecretTransport[]];
}

/**
 * The maximum duration of a fetch, all attempts and waits included. Readers leave it earlier, at their own `deadline`; the
 * fetch goes on, so that the next reader finds the value.
 */
const fetchDeadline = 120_000;

/** Reads secrets of Alibaba Cloud KMS and keeps them fresh in memory. Made by `createSecretClient`. */
export class SecretClient {
  readonly #options: ResolvedOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #tallies = createTallies();
  readonly #events: SecretEmitter;
  readonly #batching: Batching;
  readonly #endpoints: EndpointSet;
  readonly #memory: SecretMemory;
  readonly #tiers: SecretTiers;
  // These two again by themselves: one hop less for every read.
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #hits = this.#tallies.hits;
  readonly #fetcher: Fetcher;
  readonly #reader: Reader<Entry>;
  #closed: Promise<void> | undefined;

  constructor({ options, transports }: ClientParts) {
    const { clock, hook, retry } = options;
    const closing = this.#closing.signal;
    this.#options = options;
    this.#clock = clock;
    this.#logger = guardedLogger(options.logger);
    this.#events = new SecretEmitter((name, error) => {
      this.#logger.error(`A listener for "${name}" failed: ${messageOf(error)}`);
    });
    this.#batching = new Batching(clock);
    const [first, ...standbys] = transports;
    this.#endpoints = new EndpointSet({
      transports: [this.#batching.wrap(first), ...standbys.map((transport) => this.#batching.wrap(transport))],
      options,
      logger: this.#logger,
      events: this.#events,
      // Between two tries of a secret half a minute may pass: an answer to another one is a reason not to wait for that.
      onRecovered: () => this.#memory.refetchSoon(),
    });
    const common = { options, logger: this.#logger, events: this.#events, tallies: this.#tallies };
    this.#memory = new SecretMemory({
      ...common,
      refetch: (key, request) => this.#startFetch(key, request, 'refresh').secret,
    });
    this.#tiers = new SecretTiers({
      ...common,
      memory: this.#memory,
      prepare: (secret, request) => this.#fetcher.prepare(secret, request),
      forget: (name) => this.#forgetFlights(name),
    });
    this.#entries = this.#memory.entries;
    this.#fetcher = new Fetcher({
      endpoints: this.#endpoints,
      hedging: this.#endpoints.hedging,
      clock,
      backoff: fullJitter({ base: retry.baseDelay, cap: retry.maxDelay, maxAttempts: retry.maxAttempts }),
      attemptTimeout: options.attemptTimeout,
      budget: fetchDeadline,
      transform: hook?.transform?.bind(hook),
      listener: this.#tiers,
      stores: this.#tiers.hasStores ? this.#tiers : undefined,
      closing,
    });
    const { attemptTimeout: ms, deadline, staleDeadline } = options;
    // A hook has as long as one attempt would have.
    const recovery = new Recovery({ hook, clock, logger: this.#logger, ms, closing });
    this.#reader = new Reader({ clock, deadline, staleDeadline, recovery, held: this.#memory });
  }

  /**
   * What `get` would give without waiting: the value in memory if it is fresh, or if it is old and known to be out of
   * reach for now; otherwise `undefined`.
   */
  peek(name: string, options?: Pick<ReadOptions, 'stage' | 'versionId'>): Secret | undefined {
    // Short, with the rarer cases elsewhere, so that it can be inlined where it is called.
    return this.#peek(options === undefined ? name : this.#keyOf(name, options));
  }

  /**
   * Reads a secret by its name or ARN: from memory while it is fresh, else from KMS.
   *
   * Rejects with `SecretNotFoundError`, `AccessDeniedError`, `SecretDisabledError` or `RequestRejectedError` if KMS says so;
   * with `SecretUnavailableError` or `DeadlineExceededError` if it cannot be reached and no old value may be served; with
   * `ClientClosedError`; and with the signal's own reason.
   */
  get(name: string, options?: ReadOptions): Promise<Secret> {
    if (options === undefined) {
      const entry = this.#entries.get(name);
      if (entry !== undefined) {
        const now = this.#clock.cachedNow();
        if (now < entry.freshUntil) {
          entry.readAt = now;
          this.#hits.add();
          return (entry.settled ??= Promise.resolve(entry.secret));
        }
      }
    }
    return this.#read(name, options);
  }

  /**
   * Reads several secrets as one set: all of them as they were in memory at one moment, so that a rotation that comes
   * meanwhile is in all of them or in none.
   *
   * Rejects with `SecretSetError`, which names every one that could not be had; or as `get` if the client is closed or the
   * signal fires.
   */
  getMany<const Name extends string>(
    names: readonly Name[],
    options?: ReadOptions,
  ): Promise<Readonly<Record<Name, Secret>>> {
    return readSet(names, {
      read: (name) => this.get(name, options),
      throwIfOver: () => {
        this.#throwIfClosed();
        options?.signal?.throwIfAborted();
      },
      refusal: (name) => this.#memory.refusal(this.#keyOf(name, options)),
      peek: (name) => this.peek(name, options),
    });
  }

  /**
   * Fetches a secret from KMS now, fresh or not, and resolves to what came; joins a fetch of it that is under way.
   *
   * Rejects with the cause, as `get` does, and never resolves to an old value.
   */
  async refresh(name: string, options?: ReadOptions): Promise<Secret> {
    const { request, key, signal } = this.#checked(name, options);
    const landed = this.#reader.landed(this.#startFetch(key, request, 'forced'), { request });
    return signal === undefined ? landed : raceAbort(landed, signal);
  }

  /** Forgets a secret in all its stages and versions: the next read fetches it. */
  invalidate(name: string): void {
    this.#forgetFlights(name);
    this.#tiers.invalidate(name);
  }

  /**
   * Resolves when every name of the option `preload` is in memory, within `readyTimeout`.
   *
   * Rejects with `SecretSetError`, which names all that are missing and not optional.
   */
  async ready(): Promise<void> {
    this.#throwIfClosed();
    const { preload, readyTimeout: budget, staleDeadline: patience, secrets, stage } = this.#options;
    const isOptional = (name: string): boolean => secrets.get(name)?.optional === true;
    const read = async (name: string, signal: AbortSignal): Promise<void> => {
      try {
        await this.get(name, { signal });
      } catch (error) {
        if (!signal.aborted) throw error;
        throw deadlineError(requestFor(name, {}, stage), budget, this.#fetcher.attemptsOf(name));
      }
    };
    const [clock, closing] = [this.#clock, this.#closing.signal];
    const readAll = (): ReturnType<typeof preloadAll> =>
      preloadAll({ names: preload, isOptional, read, clock, budget, patience, closing });
    const missing = await (preload.length > 1 ? this.#batching.during(readAll) : readAll());
    this.#throwIfClosed();
    for (const name of preload.filter((optional) => isOptional(optional) && this.peek(optional) === undefined)) {
      this.#logger.warn(`Ready without the optional secret "${name}".`);
    }
    if (missing.size > 0) throw new SecretSetError(preload.length, 'to preload', missing);
  }

  /** Listens to an event; returns a function that ends it. A listener that throws is reported to the logger. */
  on<Name extends SecretEventName>(name: Name, listener: SecretListener<Name>): () => void {
    return this.#events.on(name, listener);
  }

  /** What the client has done so far, in numbers. */
  stats(): ClientStats {
    return {
      ...totalsOf(this.#tallies),
      ...this.#memory.counts,
      ...this.#endpoints.counts,
      storeFailures: this.#tiers.failures,
      inFlight: this.#fetcher.keysInFlight.length,
    };
  }

  /** The state of every secret and endpoint: all that an operator asks, and never a value. */
  describe(): ClientDescription {
    return {
      isClosed: this.#closing.signal.aborted,
      secrets: this.#memory.describe(),
      endpoints: this.#endpoints.describe(),
      stores: this.#tiers.describe(),
    };
  }

  /** Ends everything: reads in flight reject with `ClientClosedError`, and no timer, request or socket is left. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #peek(key: string): Secret | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#clock.cachedNow();
    if (now >= entry.freshUntil) return this.#memory.serveStale(entry);
    entry.readAt = now;
    this.#hits.add();
    return entry.secret;
  }

  async #read(name: string, options?: ReadOptions): Promise<Secret> {
    const { request, key, signal } = this.#checked(name, options);
    const entry = this.#memory.lookup(key);
    const now = this.#clock.cachedNow();
    if (entry !== undefined && now < entry.freshUntil) {
      entry.readAt = now;
      this.#hits.add();
      return entry.secret;
    }
    const held = entry && this.#memory.unlessSpent(entry);
    const stale = held && this.#memory.serveStale(held);
    if (stale !== undefined) return stale;
    if (held !== undefined) held.readAt = now;
    const refusal = this.#memory.refusal(key);
    if (refusal !== undefined) return this.#reader.recovered({ key, request }, refusal);
    this.#tallies.misses.add();
    // From the look into memory to here nothing was awaited: no other reader can have begun a fetch in between.
    const flight = this.#startFetch(key, request, 'read');
    const waiting =
      held === undefined
        ? this.#reader.landedOrRecovered(flight, { key, request })
        : this.#reader.landedOrStale(flight, { key, request });
    return signal === undefined ? waiting : raceAbort(waiting, signal);
  }

  #startFetch(key: string, request: SecretRequest, purpose: PriorityLevel): Flight {
    if (!this.#fetcher.isInFlight(key)) this.#tallies.fetches.add();
    return this.#fetcher.joinOrStart(key, request, purpose);
  }

  /** What is under way may have been asked before whatever made it obsolete: a caller's wish, or a refusal. */
  #forgetFlights(name: string): void {
    for (const key of this.#fetcher.keysInFlight) if (isKeyOf(key, name)) this.#fetcher.forget(key);
  }

  #keyOf(name: string, options: ReadOptions = {}): string {
    const { stage } = this.#options;
    return cacheKey(requestFor(name, options, stage), stage);
  }

  #checked(
    name: string,
    options: ReadOptions | undefined,
  ): { readonly request: SecretRequest; readonly key: string; readonly signal: AbortSignal | undefined } {
    this.#throwIfClosed(name);
    const { request, signal } = readRequest(name, options, this.#options.stage);
    signal?.throwIfAborted();
    return { request, key: cacheKey(request, this.#options.stage), signal };
  }

  #throwIfClosed(name?: string): void {
    if (this.#closing.signal.aborted) throw new ClientClosedError(name);
  }

  async #shutDown(): Promise<void> {
    this.#closing.abort(new ClientClosedError());
    const stores = this.#tiers.close();
    await this.#endpoints.close();
    await stores;
  }
}
