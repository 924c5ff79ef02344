import { Priority } from '../endpoint/priority.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';
import { ClientClosedError, safeMessage } from '../secret/errors.ts';
import type { AnySecretError, Attempt } from '../secret/errors.ts';
import { isKeyOf, maybeKeyOf } from '../secret/cache-key.ts';
import { failures } from '../secret/failures.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { cachedCopy } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import type { Counters } from '../secret/counters.ts';
import type { Clock } from '../time/clock.ts';
import { Deadline, raceAbort } from '../time/deadline.ts';
import { fetchWithFailover } from './failover.ts';
import type { FailoverParts } from './failover.ts';
import { deadlineError, fetchError } from './fetch-error.ts';
import type { HookTransform } from './hook-transform.ts';

/** The stores, as a fetch uses them before it sends a request to KMS. */
export interface StoreLookup {
  /**
   * Resolves to a fresh secret from a store, which another process may have fetched in the meantime; to `undefined` if it must
   * be fetched from KMS. Calls `onStoresChecked` before it waits for the lease of another process. Never rejects.
   */
  findStored(
    key: string,
    request: SecretRequest,
    options: { readonly signal: AbortSignal; readonly isRead: boolean; readonly onStoresChecked: () => void },
  ): Promise<Secret | undefined>;
  /**
   * Releases the lease of a fetch whose result the listener does not receive. With `signal`, the signal of that fetch, the lease
   * of a newer fetch of the same key is not released.
   */
  releaseLease(key: string, signal?: AbortSignal): void;
}

/** Receives the results of fetches. Of a forgotten fetch it receives only a refusal: what KMS refuses must not be served. */
export interface FetchListener {
  fetched(key: string, request: SecretRequest, fetched: FetchedSecret): void;
  failed(key: string, request: SecretRequest, failed: FailedFetch): void;
  /** Called when every endpoint has failed at least once. The fetch continues. */
  markFailing(key: string, error: AnySecretError): void;
}

/** A fetch in progress, as its readers see it. */
export interface Flight {
  readonly secret: Promise<Secret>;
  /** The clock's `now`. */
  readonly startedAt: number;
  readonly priority: Priority;
  /** The attempts that have failed and the endpoints that were skipped so far. */
  readonly attempts: readonly Attempt[];
  /** Resolves when every endpoint has failed once. A reader with a stale value does not wait for the retries. */
  readonly failing: Promise<void>;
  /** Resolves when the stores have been read and their values are in memory; `undefined` if the fetch reads no store. */
  readonly storesChecked: Promise<void> | undefined;
  /** The result that reads of the same turn of the event loop share. Set by `Reader`. */
  sharedWait?: { readonly startedAt: number; readonly result: Promise<Secret> };
}

/** What the fetcher knows of a flight. */
interface OwnFlight extends Flight {
  /** Whether a request to KMS is in flight, so that its response may be older than a call now. */
  isSent: boolean;
  /** Its result may be older than an invalidation or a refusal. */
  isForgotten: boolean;
}

interface FlightStart {
  readonly request: SecretRequest;
  readonly level: PriorityLevel;
  /** The flight waits until this promise settles. */
  readonly after?: Promise<unknown>;
}

interface FetchContext {
  readonly key: string;
  readonly request: SecretRequest;
  readonly priority: Priority;
  readonly attempts: Attempt[];
  readonly failing: Resolvers;
  readonly storesChecked: Resolvers;
  readonly stores: StoreLookup | undefined;
  readonly setSent: (isSent: boolean) => void;
  readonly isForgotten: () => boolean;
  /** Whether a newer flight of the same key has started. */
  readonly isSuperseded: () => boolean;
}

export interface FetcherParts extends FailoverParts {
  readonly clock: Clock;
  readonly counters: Pick<Counters, 'fetches'>;
  /** Milliseconds for one fetch, with all its attempts and waits. */
  readonly fetchDeadline: number;
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
      priority: new Priority(level),
      attempts: [],
      failing: withResolvers(),
      storesChecked: withResolvers(),
      stores,
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
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
      });
    // Not an unhandled rejection: a flight may have no reader, and the listener receives the failure.
    secret.catch(() => {});
    const flight: OwnFlight = {
      secret,
      startedAt: this.#parts.clock.now(),
      priority: context.priority,
      attempts: context.attempts,
      failing: context.failing.promise,
      storesChecked: stores && context.storesChecked.promise,
      isSent: false,
      isForgotten: false,
    };
    if (after === undefined) this.#flights.set(key, flight);
    else this.#queued.set(key, flight);
    return flight;
  }

  #promote(key: string, flight: OwnFlight): void {
    this.#queued.delete(key);
    this.#flights.set(key, flight);
  }

  /**
   * Forgets the flight of `key`: its readers still receive its result, but the listener receives only a refusal. Used when the
   * result may be older than an invalidation or a refusal.
   */
  forget(key: string): void {
    const flight = this.#flights.get(key);
    if (flight !== undefined) flight.isForgotten = true;
    this.#flights.delete(key);
    // The next fetch must not wait for the lease of this one.
    this.#parts.stores?.releaseLease(key);
  }

  /** Forgets the flights of exactly this name or ARN, in all stages and versions. */
  forgetSecret(name: string): void {
    for (const key of this.keysInFlight) if (isKeyOf(key, name)) this.forget(key);
  }

  /** Same as `forgetSecret`, with the flights that may be of the same secret: of a name and its ARN. */
  forgetRelated(name: string): void {
    for (const key of this.keysInFlight) if (maybeKeyOf(key, name)) this.forget(key);
  }

  /** The attempts of the flight of `key` that have failed so far. */
  attemptsOf(key: string): readonly Attempt[] {
    return this.#flights.get(key)?.attempts ?? [];
  }

  get keysInFlight(): readonly string[] {
    return [...this.#flights.keys()];
  }

  async #runFlight(context: FetchContext): Promise<Secret> {
    const { key, request, priority, attempts, stores, isForgotten, isSuperseded } = context;
    const { clock, closing, listener, fetchDeadline } = this.#parts;
    const reason = (): Error => deadlineError(request, fetchDeadline, attempts);
    const deadline = new Deadline({ clock, ms: fetchDeadline, parent: closing, reason, limits: 'caller' });
    try {
      const stored = await this.#checkStores(context, deadline);
      context.storesChecked.resolve();
      // A caller that has joined since may require a response from KMS.
      if (stored !== undefined && priority.level !== 'forced') return stored;
      const startedAt = clock.now();
      const result = await this.#fetchFromKms(context, deadline).catch((cause: unknown) => malformed(request, cause));
      if (closing.aborted) throw new ClientClosedError(request.name);
      if ('secret' in result) {
        if (!isForgotten()) this.#notifyFetched(key, request, { ...result, startedAt });
        return result.secret;
      }
      // The failure of a superseded flight says less than the result of the newer one.
      if (!result.policy.serveStale || !isSuperseded()) listener.failed(key, request, result);
      throw result.error;
    } finally {
      deadline.clear();
      context.storesChecked.resolve();
      context.failing.resolve();
      if (isForgotten() || closing.aborted) stores?.releaseLease(key, deadline.signal);
    }
  }

  /** Resolves to `undefined` without stores, without a fresh secret in them, and if the deadline passes first. */
  async #checkStores(context: FetchContext, deadline: Deadline): Promise<Secret | undefined> {
    const { key, request, priority, stores, storesChecked } = context;
    if (stores === undefined) return undefined;
    const lookup = stores.findStored(key, request, {
      signal: deadline.signal,
      isRead: priority.level === 'read',
      onStoresChecked: storesChecked.resolve,
    });
    return raceAbort(lookup, deadline).catch(() => undefined);
  }

  async #fetchFromKms(
    context: FetchContext,
    deadline: Deadline,
  ): Promise<Omit<FetchedSecret, 'startedAt'> | FailedFetch> {
    const { key, request, priority, attempts, failing, isSuperseded } = context;
    const onSent = (): void => context.setSent(true);
    const onFailing = (failure: FetchFailure): void => {
      // The retry sends another request.
      context.setSent(false);
      failing.resolve();
      if (!isSuperseded()) this.#parts.listener.markFailing(key, fetchError(request, failure, [...attempts]));
    };
    const call = { request, signal: deadline, attempts, priority, onSent, onFailing };
    const outcome = await fetchWithFailover(this.#parts, call);
    const result = outcome.kind === 'secret' ? await this.#parts.transform.apply(outcome.secret, deadline) : outcome;
    if (result.kind === 'secret' && outcome.kind === 'secret') {
      return { secret: cachedCopy(result.secret, request.name), original: outcome.secret };
    }
    if (result.kind !== 'failed' || deadline.aborted) {
      const error = deadlineError(request, this.#parts.fetchDeadline, attempts);
      return { error, policy: failures.unreachable, retryAfter: undefined };
    }
    const { failure } = result;
    const policy = this.#parts.retry.policyOf(failure);
    return { error: fetchError(request, failure, attempts), policy, retryAfter: failure.retryAfter };
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
  return { error: fetchError(request, failure, []), policy: failures.malformed, retryAfter: undefined };
}

interface Resolvers {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers(): Resolvers {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
