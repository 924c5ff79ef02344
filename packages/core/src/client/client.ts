// The path of a read: it returns the fresh value in memory; without one, it joins or starts a fetch. While KMS is unavailable, it
// returns the stale value. A value that KMS refuses is not returned any more.

import type { Entry } from '../memory/entry.ts';
import type { PreloadOptions, ReadOptions, ReadyOptions, RefreshReadOptions } from '../options/options.ts';
import { cacheKey } from '../secret/cache-key.ts';
import { ClientClosedError } from '../secret/errors.ts';
import type { ListenOptions, SecretEventName, SecretListener, Subscription } from '../secret/events.ts';
import { markInstances } from '../secret/package-copy.ts';
import type { Secret } from '../secret/secret.ts';
import { checkSecretName } from '../secret/secret-name.ts';
import type { Counter } from '../secret/counters.ts';
import { monitorOf } from '../secret/monitor.ts';
import type { ClientMonitor } from '../secret/monitor.ts';
import type {
  ClientDescription,
  ClientHealth,
  ClientStats,
  DescribeOptions,
  HealthOptions,
  SecretStatus,
} from '../secret/status.ts';
import type { CredentialsProvider } from '../ports/credentials.ts';
import type { RunInContext } from '../ports/run-in-context.ts';
import { raceAbort } from '../time/deadline.ts';
import { tickClockOf } from '../time/ticks.ts';
import type { TickClock, Ticks } from '../time/ticks.ts';
import { descriptionOf, statsOf } from './description.ts';
import { ForcedRefreshes } from './forced-refresh.ts';
import { staleOrThrow } from './stale-or-throw.ts';
import { healthOf } from './health.ts';
import type { ClientParts } from './client-parts.ts';
import { SecretHandle } from './handle.ts';
import type { HandleOptions } from './handle.ts';
import { checkOptions, readRequest, refreshRequest, requestFor } from './read-request.ts';
import type { CheckedRead } from './read-request.ts';
import type { PendingRead } from './reader.ts';
import { readSet } from './secret-set.ts';
import { Subscriptions } from './subscriptions.ts';
import type { SetMember, SetRequest } from './secret-set.ts';

/**
 * Reads secrets of Alibaba Cloud KMS and keeps them fresh in memory. Created by `createSecretClient`.
 *
 * Requests, refreshes, listeners and your own code in the options run in the async context (`AsyncLocalStorage`) in which the
 * client was created, not in that of a read.
 */
export class SecretClient {
  readonly #monitor: ClientMonitor = monitorOf(this);
  readonly #parts: ClientParts;
  // Copied from the parts, which saves reads of fresh values a property access for each.
  readonly #clock: TickClock;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #hits: Counter;
  readonly #defaultStage: string;
  readonly #inContext: RunInContext;
  readonly #subscriptions: Subscriptions;
  readonly #forcedRefreshes: ForcedRefreshes;
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#clock = tickClockOf(parts.options.clock);
    this.#entries = parts.memory.entries;
    this.#hits = parts.counters.hits;
    this.#defaultStage = parts.options.stage;
    this.#inContext = parts.inContext;
    this.#forcedRefreshes = new ForcedRefreshes(parts);
    this.#subscriptions = new Subscriptions({ ...parts, throwIfClosed: () => this.#throwIfClosed() });
  }

  /**
   * Returns what `get` would return without waiting: the fresh value in memory, or the stale one while its refresh is failing.
   * `undefined` otherwise. Starts the refresh of a value past its TTL.
   */
  peek(name: string, options?: Pick<ReadOptions, 'stage' | 'versionId'>): Secret | undefined {
    // Short, so that the engine inlines it into its callers.
    return this.#peek(options === undefined ? name : this.#keyOf(name, options));
  }

  /**
   * Reads a secret by its name or ARN: from memory while it is fresh, otherwise from KMS.
   *
   * Rejects with `SecretNotFoundError`, `AccessDeniedError` or `SecretDisabledError` if KMS refuses the secret; with
   * `RequestRejectedError` if the arguments are invalid or KMS rejects the request; with `SecretUnavailableError` or
   * `DeadlineExceededError` if KMS is unavailable and there is no stale value; with `ClientClosedError`; and with the reason
   * of the signal if it aborts.
   */
  get(name: string, options?: ReadOptions): Promise<Secret> {
    if (options === undefined) {
      const entry = this.#entries.get(name);
      if (entry === undefined) return this.#joinRead(name) ?? this.#read(name);
      const now = this.#clock.cachedTicks();
      if (now < entry.freshUntil) {
        if (entry.readAt !== now) entry.readAt = now;
        this.#hits.add();
        return entry.promise ?? this.#promiseOf(entry);
      }
    }
    return this.#read(name, options);
  }

  /**
   * Reads several secrets and returns them as they are in memory at one moment. Takes a list of names; or an object of names,
   * each of which may have a `stage` or a `versionId`. The keys of the result are the names, or the keys of the object.
   *
   * Rejects with `SecretSetError`, which lists every secret that failed; with `RequestRejectedError` if the arguments are
   * invalid; with `ClientClosedError`; and with the reason of the signal.
   */
  getMany<const Name extends string>(
    names: readonly Name[],
    options?: ReadOptions,
  ): Promise<Readonly<Record<Name, Secret>>>;
  getMany<const Members extends Readonly<Record<string, SetMember>>>(
    members: Members,
    options?: Pick<ReadOptions, 'signal'>,
  ): Promise<{ readonly [Key in keyof Members]: Secret }>;
  getMany(request: SetRequest, options?: ReadOptions): Promise<Readonly<Record<string, Secret>>> {
    return readSet(request, options, {
      read: (name, own) => this.get(name, own),
      throwIfCancelled: () => {
        this.#throwIfClosed();
        options?.signal?.throwIfAborted();
      },
      cachedError: (name, own) => this.#parts.memory.cachedError(this.#keyOf(name, own)),
      peek: (name, own) => this.#parts.memory.status.current(this.#keyOf(name, own)),
    });
  }

  /**
   * Returns the value in memory without waiting: the fresh one, or the stale one until `staleIfError` ends. Starts the refresh of a value
   * past its TTL.
   *
   * Throws the refusal of KMS, with its own code; `SecretUnavailableError`, which says why the secret is not in memory or that it is too
   * old; or `ClientClosedError`.
   */
  current(name: string, options?: Pick<ReadOptions, 'stage' | 'versionId'>): Secret {
    const key = this.#keyOf(name, options);
    return this.#peek(key) ?? this.#currentOrThrow(name, key);
  }

  /**
   * Keeps a secret fresh until the returned function is called or the client is closed: it is refreshed although nothing reads it, is
   * evicted last, and is fetched again after a refusal or `invalidate()`. Sends no request: read or preload the secret.
   *
   * `limits.maxPinned` bounds the number of such secrets. Throws `RequestRejectedError` if the name is invalid.
   */
  pin(name: string, options?: Pick<ReadOptions, 'stage' | 'versionId'>): Subscription {
    checkSecretName(name);
    return this.#subscriptions.pin(this.#keyOf(name, options));
  }

  /**
   * Returns a handle of a secret, for code that lives longer than one version of it. The handle keeps the secret fresh until it is
   * disposed of; see `pin`. Sends no request: read or preload the secret.
   *
   * Throws `RequestRejectedError` if the name is invalid.
   */
  handle<Json = unknown>(name: string, options?: HandleOptions<Json>): SecretHandle<Json> {
    checkSecretName(name);
    if (options !== undefined) checkOptions(name, options);
    return new SecretHandle(this, name, options);
  }

  /**
   * Fetches a secret from KMS, even if it is fresh, and resolves to the result of a request that leaves after this call. Ignores the
   * stores and never resolves to a stale value. Calls during a refresh share one more request.
   *
   * With `unlessNewerThan`, a version that a service has rejected, it sends a request only if it is needed; see `RefreshReadOptions`.
   *
   * Rejects as `get` does.
   */
  refresh(name: string, options?: RefreshReadOptions): Promise<Secret> {
    return this.#start(refreshRequest, { name, options }, (read) =>
      this.#inContext(() => this.#forcedRefreshes.run(read)),
    );
  }

  /**
   * Removes a secret, in all its stages and versions, from memory at once and from the stores. The next read fetches it. A plain
   * name removes what was read by an ARN of that name too, and an ARN what was read by its plain name.
   *
   * Resolves when the stores have removed it, at the latest after `storeTimeout`: an unavailable store removes it later.
   */
  invalidate(name: string): Promise<void> {
    return this.#inContext(() => {
      this.#parts.fetcher.forgetRelated(name);
      return this.#parts.storeTier.invalidate(name);
    });
  }

  /**
   * Resolves when the secrets of the option `preload` are in memory. Waits for optional ones for at most `staleDeadline`.
   *
   * Rejects with `SecretSetError`, which lists the required secrets that KMS refused and those that it did not return within
   * `timeout`, or else `readyTimeout`. Rejects with `StoreError` if a store cannot work with its configuration, such as a folder that
   * other users can access: otherwise that would be found out in the next outage.
   */
  async ready(options: ReadyOptions = {}): Promise<void> {
    await this.#parts.storeTier.afterVerification(this.#subscriptions.ready(options, this));
  }

  /**
   * Does for `names` what `ready()` does for the option `preload`: resolves when they are in memory, retries during an outage of KMS, and
   * keeps them fresh until the returned function is called or the client is closed.
   *
   * Rejects with `SecretSetError` and `StoreError` as `ready()` does, and with `RequestRejectedError` if a name is invalid.
   */
  async preload(names: readonly string[], options: PreloadOptions = {}): Promise<Subscription> {
    return this.#parts.storeTier.afterVerification(this.#subscriptions.preload(names, options, this));
  }

  /**
   * Adds a listener for an event. Returns a function that removes it. If a listener throws or rejects, that is logged. Listeners
   * run in the async context in which the client was created.
   *
   * With `name`, the listener receives only the events of that secret, and keeps it fresh; see `pin`. Throws a `TypeError` for an unknown
   * event name.
   */
  on<Name extends SecretEventName>(event: Name, listener: SecretListener<Name>, options?: ListenOptions): Subscription {
    return this.#parts.events.on(event, listener, this.#subscriptions.listenOptions(options));
  }

  /** Same as `on`, but removes the listener after the next event. */
  once<Name extends SecretEventName>(
    event: Name,
    listener: SecretListener<Name>,
    options?: ListenOptions,
  ): Subscription {
    return this.#parts.events.once(event, listener, this.#subscriptions.listenOptions(options));
  }

  /** Returns counters since the client was created. */
  stats(): ClientStats {
    return statsOf(this.#parts);
  }

  /** Whether `close()` was called. */
  get isClosed(): boolean {
    return this.#parts.closing.signal.aborted;
  }

  /** Aborts when `close()` is called: for what must end with the client. */
  get closing(): AbortSignal {
    return this.#parts.closing.signal;
  }

  /**
   * The provider of the access key that signs requests to KMS, for requests to other services of Alibaba Cloud. `undefined` if the
   * identity of the client is a client key, which only KMS accepts.
   */
  get credentials(): CredentialsProvider | undefined {
    return this.#parts.credentials();
  }

  /**
   * Returns the state of one secret; `undefined` if it is not in memory, unless it is pinned or KMS has refused it. Does not count as a
   * read.
   */
  statusOf(name: string, options?: Pick<ReadOptions, 'stage' | 'versionId'>): SecretStatus | undefined {
    return this.#parts.memory.status.of(this.#keyOf(name, options));
  }

  /**
   * The methods of this client that return no value, for metrics and other monitoring. The messages of the channels of
   * `node:diagnostics_channel` have it as `client`.
   */
  get monitor(): ClientMonitor {
    return this.#monitor;
  }

  /** Returns whether secrets can be served, for a readiness probe. Sends no request. */
  health(options?: HealthOptions): ClientHealth {
    const { memory, endpoints, storeTier, expiry } = this.#parts;
    const source = {
      isClosed: this.isClosed,
      memory: memory.status.health,
      identity: endpoints.identity,
      endpoints: endpoints.describe(),
      stores: storeTier.describe(),
      expiries: expiry.status(),
      isInMemory: (name: string) => this.#entries.has(this.#keyOf(name)),
      list: () => memory.status.describe(),
    };
    return healthOf(source, options);
  }

  /** Returns the state of every secret, endpoint and store, for operators. Contains no value. Slow with many secrets. */
  describe(options?: DescribeOptions): ClientDescription {
    return descriptionOf(this.#parts, options);
  }

  /**
   * Closes the client: reads in flight reject with `ClientClosedError`. Resolves when the stores and the transports are closed,
   * and no timer, request or socket of the client is left.
   */
  close(): Promise<void> {
    this.#closed ??= this.#inContext(() => this.#shutDown());
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  static {
    markInstances(this.prototype);
  }

  #peek(key: string): Secret | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#clock.cachedTicks();
    if (now >= entry.freshUntil) return this.#serveStale(entry);
    // Once per tick: a cache line that is only read is cheaper.
    if (entry.readAt !== now) entry.readAt = now;
    this.#hits.add();
    return entry.secret;
  }

  // The closures of the next methods stay out of `get` and `#peek`: a closure would cost every read of a fresh value an allocation.

  /** The promise stays in memory with the entry, and before Node 24 a promise holds the context in which it was created. */
  #promiseOf(entry: Entry): Promise<Secret> {
    const promise = this.#inContext(() => Promise.resolve(entry.secret));
    entry.promise = promise;
    return promise;
  }

  #serveStale(entry: Entry): Secret | undefined {
    const { memory } = this.#parts;
    return this.#inContext(() => {
      const stale = memory.serveStale(entry);
      if (stale === undefined) memory.startRefresh(entry);
      return stale;
    });
  }

  #currentOrThrow(name: string, key: string): Secret {
    const { isClosed } = this;
    return this.#inContext(() => staleOrThrow(this.#parts.memory, { name, key, isClosed }));
  }

  /** Joins a read of this turn of the event loop that waits for the same fetch. Thousands may do so. */
  #joinRead(key: string): Promise<Secret> | undefined {
    const { fetcher, reader, counters } = this.#parts;
    const flight = fetcher.flightOf(key);
    // It has aborted if the client is closed.
    const result = flight === undefined || flight.signal.aborted ? undefined : reader.sharedWaitOf(flight);
    if (result !== undefined) counters.misses.add();
    return result;
  }

  #read(name: string, options?: ReadOptions): Promise<Secret> {
    return this.#start(readRequest, { name, options }, (read) => {
      const entry = this.#parts.memory.lookup(read.key);
      const now = this.#clock.cachedTicks();
      if (entry === undefined || now >= entry.freshUntil) return this.#readStaleOrFetch(read, entry, now);
      entry.readAt = now;
      this.#hits.add();
      return Promise.resolve(entry.secret);
    });
  }

  /** Not async: that would create three more promises. */
  #start<Options, Read extends CheckedRead>(
    check: (name: string, options: Options | undefined, defaultStage: string) => Read,
    { name, options }: { readonly name: string; readonly options: Options | undefined },
    run: (read: Read) => Promise<Secret>,
  ): Promise<Secret> {
    try {
      this.#throwIfClosed(name);
      const read = check(name, options, this.#defaultStage);
      const { signal } = read;
      signal?.throwIfAborted();
      return signal === undefined ? run(read) : raceAbort(run(read), signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #readStaleOrFetch(read: PendingRead, entry: Entry | undefined, now: Ticks): Promise<Secret> {
    const { memory, reader, counters } = this.#parts;
    return this.#inContext(() => {
      const cached = entry && memory.dropIfExpired(entry);
      const stale = cached && memory.serveStale(cached);
      if (stale !== undefined) return Promise.resolve(stale);
      if (cached !== undefined) cached.readAt = now;
      const error = memory.cachedError(read.key);
      if (error !== undefined) return reader.recoverOrThrow(read, error);
      counters.misses.add();
      // There is no `await` between the look-up and the fetch, so no other read can have started one in between.
      const flight = this.#parts.fetcher.joinOrStart(read.key, read.request, 'read');
      return cached === undefined ? reader.awaitOrRecover(flight, read) : reader.awaitOrServeStale(flight, read);
    });
  }

  #keyOf(name: string, options: ReadOptions = {}): string {
    checkOptions(name, options);
    return cacheKey(requestFor(name, options, this.#defaultStage), this.#defaultStage);
  }

  #throwIfClosed(name?: string): void {
    if (this.isClosed) throw new ClientClosedError(name);
  }

  async #shutDown(): Promise<void> {
    const { closing, storeTier, endpoints } = this.#parts;
    closing.abort(new ClientClosedError());
    const stores = storeTier.close();
    await endpoints.close();
    await stores;
  }
}
