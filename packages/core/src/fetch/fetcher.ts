import { Priority } from '../endpoint/priority.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';
import { ClientClosedError, safeMessage } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import { KeysByName } from '../secret/keys-by-name.ts';
import { failures } from '../secret/failures.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { cachedCopy } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import type { Counters } from '../secret/counters.ts';
import type { Clock } from '../time/clock.ts';
import { Deadline, raceAbort } from '../time/deadline.ts';
import { remainingOf } from '../time/running-timer.ts';
import { fetchWithFailover } from './failover.ts';
import type { FailoverParts } from './failover.ts';
import { deadlineError, fetchError, noProgress } from './fetch-error.ts';
import type { FetchProgress } from './fetch-error.ts';
import type { HookTransform } from './hook-transform.ts';
import { progressOf, storeLinesOf, withResolvers } from './flight.ts';
import type { FetchContext, Flight, OwnFlight } from './flight.ts';
import type { StoreLookup } from './store-lookup.ts';

/** Receives the results of fetches. Of a forgotten fetch it receives only a refusal: what KMS refuses must not be served. */
export interface FetchListener {
  fetched(key: string, request: SecretRequest, fetched: FetchedSecret): void;
  failed(key: string, request: SecretRequest, failed: FailedFetch): void;
  /** Called when every endpoint has failed at least once. The fetch continues. */
  markFailing(key: string, error: AnySecretError): void;
}

interface FlightStart {
  readonly request: SecretRequest;
  readonly level: PriorityLevel;
  /** The flight waits until this promise settles. */
  readonly after?: Promise<unknown>;
}

/** `late`: KMS failed, and a store has responded after its timeout. */
type FetchResult = Omit<FetchedSecret, 'startedAt'> | FailedFetch | { readonly late: Secret };

export interface FetcherParts extends FailoverParts {
  readonly clock: Clock;
  readonly counters: Pick<Counters, 'fetches'>;
  /** Milliseconds for one fetch, with all its attempts and waits. */
  readonly fetchDeadline: number;
  /** Milliseconds that a read waits for a fetch. */
  readonly readDeadline: number;
  readonly transform: HookTransform;
  readonly listener: FetchListener;
  /** `undefined` without stores. */
  readonly stores: StoreLookup | undefined;
}

/**
 * Fetches secrets, one fetch (flight) per key at a time. All readers of a key share its flight, and the listener receives its
 * result. A flight reads the stores, then KMS with retries and failover, within `fetchDeadline`.
 *
 * A forced refresh needs a response from after its call. If the request of the flight has left, the refresh starts one more: at once
 * beside a flight of reads, after the flight of another forced refresh. So a key has at most two requests in flight.
 */
export class Fetcher {
  readonly #parts: FetcherParts;
  readonly #flights = new Map<string, OwnFlight>();
  /** The keys of `#flights`. */
  readonly #names = new KeysByName();
  /** The forced refreshes that wait for the end of an earlier one. */
  readonly #queued = new Map<string, OwnFlight>();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /**
   * Joins the flight of `key` and raises its priority to `level`, or starts one. A forced refresh joins only a flight whose request
   * has not left. Synchronous, so that two callers share it.
   */
  joinOrStart(key: string, request: SecretRequest, level: PriorityLevel): Flight {
    const current = this.#flights.get(key);
    if (current === undefined) return this.#start(key, { request, level });
    if (level !== 'forced' || !current.isSent) {
      current.priority.raise(level);
      return current;
    }
    if (current.priority.level !== 'forced') return this.#start(key, { request, level });
    return this.#queued.get(key) ?? this.#start(key, { request, level, after: current.secret });
  }

  #start(key: string, { request, level, after }: FlightStart): Flight {
    this.#parts.counters.fetches.add();
    const stores = level === 'forced' ? undefined : this.#parts.stores;
    const context: FetchContext = {
      key,
      request,
      startedAt: this.#parts.clock.now(),
      priority: new Priority(level),
      attempts: [],
      failing: withResolvers(),
      storesChecked: withResolvers(),
      search: stores && {},
      setSent: (isSent) => {
        flight.isSent = isSent;
      },
      isForgotten: () => flight.isForgotten,
      isSuperseded: () => this.#flights.get(key) !== flight,
    };
    const begin = (): Promise<Secret> => {
      if (after !== undefined) this.#promote(key, flight);
      return this.#runFlight(context);
    };
    const secret = Promise.resolve(after)
      .then(begin, begin)
      .finally(() => {
        // A newer flight may be in the map, which this one must not remove.
        if (this.#flights.get(key) === flight) this.#remove(key);
      });
    // Not an unhandled rejection: a flight may have no reader, and the listener receives the failure.
    secret.catch(() => {});
    const flight: OwnFlight = {
      secret,
      startedAt: context.startedAt,
      priority: context.priority,
      attempts: context.attempts,
      get storeLines() {
        return storeLinesOf(context);
      },
      failing: context.failing.promise,
      storesChecked: stores && context.storesChecked.promise,
      isSent: false,
      isForgotten: false,
    };
    if (after === undefined) this.#add(key, flight);
    else this.#queued.set(key, flight);
    return flight;
  }

  #promote(key: string, flight: OwnFlight): void {
    this.#queued.delete(key);
    this.#add(key, flight);
  }

  #add(key: string, flight: OwnFlight): void {
    this.#flights.set(key, flight);
    this.#names.add(key);
  }

  #remove(key: string): void {
    if (this.#flights.delete(key)) this.#names.delete(key);
  }

  /**
   * Forgets the flight of `key`: its readers still receive its result, but the listener receives only a refusal. Used when the
   * result may be older than an invalidation or a refusal.
   */
  forget(key: string): void {
    const flight = this.#flights.get(key);
    if (flight !== undefined) flight.isForgotten = true;
    this.#remove(key);
    // The next fetch must not wait for the lease of this one.
    this.#parts.stores?.releaseLease(key);
  }

  /** Forgets the flights of exactly this name or ARN, in all stages and versions. */
  forgetSecret(name: string): void {
    for (const key of this.#names.of(name)) if (this.#flights.has(key)) this.forget(key);
  }

  /** Same as `forgetSecret`, with the flights that may be of the same secret: of a name and its ARN. */
  forgetRelated(name: string): void {
    for (const key of this.#names.related(name)) if (this.#flights.has(key)) this.forget(key);
  }

  /** What the flight of `key` has done so far. */
  progressOf(key: string): FetchProgress {
    return this.#flights.get(key) ?? noProgress;
  }

  /** The number of fetches in flight. */
  get inFlight(): number {
    return this.#flights.size;
  }

  async #runFlight(context: FetchContext): Promise<Secret> {
    const { key, request, priority, isForgotten, isSuperseded } = context;
    const { clock, closing, listener, fetchDeadline } = this.#parts;
    const reason = (): Error => deadlineError(request, fetchDeadline, progressOf(context));
    const deadline = new Deadline({ clock, ms: fetchDeadline, parent: closing, reason, limits: 'caller' });
    try {
      const stored = await this.#checkStores(context, deadline);
      // A reader of a value that arrives late serves it as stale.
      if (context.search?.result?.isPending() !== true) context.storesChecked.resolve();
      // A caller that has joined since may require a response from KMS.
      if (stored !== undefined && priority.level !== 'forced') return stored;
      const startedAt = clock.now();
      const result = await this.#fetchFromKms(context, deadline).catch((cause: unknown) => malformed(request, cause));
      if (closing.aborted) throw new ClientClosedError(request.name);
      if ('secret' in result) {
        if (!isForgotten()) this.#notifyFetched(key, request, { ...result, startedAt });
        return result.secret;
      }
      if ('late' in result) return result.late;
      // The failure of a superseded flight says less than the result of the newer one.
      if (!result.policy.serveStale || !isSuperseded()) listener.failed(key, request, result);
      throw result.error;
    } finally {
      deadline.clear();
      context.storesChecked.resolve();
      context.failing.resolve();
      if (isForgotten() || closing.aborted) this.#parts.stores?.releaseLease(key, deadline.signal);
    }
  }

  /** Resolves to `undefined` without stores, without a fresh secret in them, and if the deadline passes first. */
  async #checkStores(context: FetchContext, deadline: Deadline): Promise<Secret | undefined> {
    const { key, request, priority, search, storesChecked } = context;
    const { stores } = this.#parts;
    if (search === undefined || stores === undefined) return undefined;
    search.result = stores.findStored(key, request, {
      signal: deadline.signal,
      isRead: priority.level === 'read',
      onStoresChecked: storesChecked.resolve,
    });
    return raceAbort(search.result.found, deadline).catch(() => undefined);
  }

  async #fetchFromKms(context: FetchContext, deadline: Deadline): Promise<FetchResult> {
    const { key, request, priority, attempts, failing, isSuperseded } = context;
    const onSent = (): void => context.setSent(true);
    const onFailing = (failure: FetchFailure): void => {
      // The retry sends another request.
      context.setSent(false);
      failing.resolve();
      if (!isSuperseded()) this.#parts.listener.markFailing(key, fetchError(request, failure, progressOf(context)));
    };
    const call = { request, signal: deadline, attempts, priority, onSent, onFailing };
    const outcome = await fetchWithFailover(this.#parts, call);
    const result = outcome.kind === 'secret' ? await this.#parts.transform.apply(outcome.secret, deadline) : outcome;
    if (result.kind === 'secret' && outcome.kind === 'secret') {
      return { secret: cachedCopy(result.secret, request.name), original: outcome.secret };
    }
    if (result.kind !== 'failed' || deadline.aborted) {
      const error = deadlineError(request, this.#parts.fetchDeadline, progressOf(context));
      return { error, policy: failures.unreachable, retryAfter: undefined };
    }
    const { failure } = result;
    const policy = this.#parts.retry.policyOf(failure);
    const late = policy.serveStale ? await this.#lateSecret(context, deadline) : undefined;
    if (late !== undefined && priority.level !== 'forced') return { late };
    return { error: fetchError(request, failure, progressOf(context)), policy, retryAfter: failure.retryAfter };
  }

  /**
   * KMS is unavailable, so the values of stores that have not responded are worth the wait, until the read's deadline. Resolves to a
   * fresh secret. A stale one is in memory then, and a reader serves it.
   */
  async #lateSecret({ search, request, startedAt }: FetchContext, parent: Deadline): Promise<Secret | undefined> {
    const result = search?.result;
    if (result === undefined || !result.isPending()) return undefined;
    const { clock, readDeadline } = this.#parts;
    const ms = remainingOf(readDeadline, clock.now() - startedAt);
    const deadline = new Deadline({
      clock,
      ms,
      parent,
      reason: () => deadlineError(request, readDeadline, noProgress),
    });
    try {
      return await raceAbort(result.late(), deadline);
    } catch {
      return undefined;
    } finally {
      deadline.clear();
    }
  }

  /** The getters of a secret from a custom transport or hook may throw. That must not end its refreshes. */
  #notifyFetched(key: string, request: SecretRequest, fetched: FetchedSecret): void {
    const { listener } = this.#parts;
    try {
      listener.fetched(key, request, fetched);
    } catch (cause) {
      const failed = malformed(request, cause);
      listener.failed(key, request, failed);
      throw failed.error;
    }
  }
}

/** The failure of a fetch whose secret cannot be used. */
function malformed(request: SecretRequest, cause: unknown): FailedFetch {
  const failure = new FetchFailure('malformed', `The secret could not be cached: ${safeMessage(cause)}.`);
  return { error: fetchError(request, failure, noProgress), policy: failures.malformed, retryAfter: undefined };
}
