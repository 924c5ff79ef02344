import type { PriorityLevel } from '../endpoint/priority.ts';
import { ClientClosedError, safeMessage } from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
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
import { FlightTable } from './flight-table.ts';
import { Flight } from './flight.ts';
import type { FlightContext, FlightPlan } from './flight.ts';
import type { FetchOutcome } from './endpoint-race.ts';
import type { HookTransform } from './hook-transform.ts';
import type { StoreLookup } from './store-lookup.ts';

/** Receives the results of fetches. Of a forgotten fetch it receives only a refusal: what KMS refuses must not be served. */
export interface FetchListener {
  fetched(key: string, request: SecretRequest, fetched: FetchedSecret): void;
  failed(key: string, request: SecretRequest, failed: FailedFetch): void;
  /** Called when every endpoint has failed at least once. The fetch continues. */
  markFailing(key: string, error: AnySecretError): void;
}

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
  /** Publishes fetches, for subscribers. */
  readonly tracer?: FetchTracer | undefined;
}

/** Traces fetches while something subscribes to them. */
export interface FetchTracer {
  readonly isTracing: boolean;
  /** Calls `run` when `start` settles. Settles as `run` does. */
  trace(flight: Flight, start: Promise<unknown>, run: () => Promise<Secret>): Promise<Secret>;
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
  readonly #context: FlightContext;
  readonly #flights = new FlightTable();

  constructor(parts: FetcherParts) {
    const { clock, closing, fetchDeadline, listener, tracer } = parts;
    this.#parts = parts;
    this.#context = {
      clock,
      closing,
      fetchDeadline,
      run: (flight, start) =>
        tracer?.isTracing === true
          ? tracer.trace(flight, start, () => this.#run(flight, nextMicrotask))
          : this.#run(flight, start),
      onFailing: (flight, failure) => {
        const { key, request } = flight;
        if (this.#flights.get(key) !== flight) return;
        listener.markFailing(key, fetchError(request, failure, flight.progress));
      },
    };
  }

  /**
   * Joins the flight of `key` and raises its priority to `level`, or starts one. A forced refresh joins only a flight whose request
   * has not left. Synchronous, so that two callers share it.
   */
  joinOrStart(key: string, request: SecretRequest, level: PriorityLevel): Flight {
    const current = this.#flights.get(key);
    if (current !== undefined && (level !== 'forced' || !current.isSent)) {
      current.priority.raise(level);
      return current;
    }
    if (current?.priority.level === 'forced') {
      current.next ??= this.#create(key, request, { level, start: current.secret });
      return current.next;
    }
    const flight = this.#create(key, request, { level, start: nextMicrotask });
    this.#flights.set(key, flight);
    return flight;
  }

  #create(key: string, request: SecretRequest, { level, start }: Pick<FlightPlan, 'level' | 'start'>): Flight {
    const { counters, stores } = this.#parts;
    counters.fetches.add();
    const readsStores = stores !== undefined && level !== 'forced';
    return new Flight({ key, request, level, readsStores, start }, this.#context);
  }

  /**
   * Forgets the flight of `key`: its readers still receive its result, but the listener receives only a refusal. Used when the
   * result may be older than an invalidation or a refusal.
   */
  forget(key: string): void {
    const flight = this.#flights.get(key);
    if (flight !== undefined) flight.isForgotten = true;
    this.#flights.set(key, undefined);
    // The next fetch must not wait for the lease of this one.
    this.#parts.stores?.releaseLease(key);
  }

  /** Forgets the flights of exactly this name or ARN, in all stages and versions. */
  forgetSecret(name: string): void {
    for (const key of this.#flights.keysOf(name)) this.forget(key);
  }

  /** Same as `forgetSecret`, with the flights that may be of the same secret: of a name and its ARN. */
  forgetRelated(name: string): void {
    for (const key of this.#flights.keysRelatedTo(name)) this.forget(key);
  }

  /** The flight of `key` that a read would join. */
  flightOf(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** What the flight of `key` has done so far. */
  progressOf(key: string): FetchProgress {
    return this.#flights.get(key)?.progress ?? noProgress;
  }

  /** The number of fetches in flight. */
  get inFlight(): number {
    return this.#flights.size;
  }

  async #run(flight: Flight, start: Promise<unknown>): Promise<Secret> {
    const { clock, closing, attemptTimeout, fetchDeadline, stores, transform } = this.#parts;
    try {
      await start;
    } catch {
      // The failure of an earlier flight is reported there.
    }
    try {
      let startedAt = clock.now();
      flight.startTime(startedAt);
      if (flight.readsStores || transform.isActive || attemptTimeout >= fetchDeadline) flight.onWait();
      const stored = flight.readsStores ? await this.#checkStores(flight) : undefined;
      // A reader of a value that arrives late serves it as stale.
      if (flight.search?.isPending() !== true) flight.markStoresChecked();
      // A caller that has joined since may require a response from KMS.
      if (stored !== undefined && flight.priority.level !== 'forced') return stored;
      if (flight.readsStores) startedAt = clock.now();
      let result: FetchedSecret | FailedFetch;
      try {
        let outcome = await fetchWithFailover(this.#parts, flight);
        const original = outcome.kind === 'secret' ? outcome.secret : undefined;
        if (original !== undefined && transform.isActive) outcome = await transform.apply(original, flight.signal);
        const late = outcome.kind === 'failed' ? await this.#lateSecret(flight, outcome.failure) : undefined;
        if (late !== undefined && flight.priority.level !== 'forced' && !closing.aborted) return late;
        result = this.#resultOf(flight, outcome, { original, startedAt });
      } catch (cause) {
        result = malformed(flight.request, cause);
      }
      if (closing.aborted) throw new ClientClosedError(flight.request.name);
      return this.#notify(flight, result);
    } finally {
      flight.end();
      this.#remove(flight);
      if (flight.isForgotten || closing.aborted) stores?.releaseLease(flight.key, flight.signal.signal);
    }
  }

  /** Removes a flight that has ended. A newer one of the same key may be in its place, which stays. */
  #remove(flight: Flight): void {
    if (flight.next !== undefined || this.#flights.get(flight.key) === flight) {
      this.#flights.set(flight.key, flight.next);
    }
  }

  /** Resolves to `undefined` without a fresh secret in the stores, and if the deadline passes first. */
  async #checkStores(flight: Flight): Promise<Secret | undefined> {
    const { key, request, priority, signal } = flight;
    flight.search = this.#parts.stores?.findStored(key, request, {
      signal: signal.signal,
      isRead: priority.level === 'read',
      onStoresChecked: () => flight.markStoresChecked(),
    });
    try {
      return flight.search && (await raceAbort(flight.search.found, signal));
    } catch {
      return undefined;
    }
  }

  /**
   * KMS is unavailable, so the values of stores that have not responded are worth the wait, until the read's deadline. Resolves to a
   * fresh secret. A stale one is in memory then, and a reader serves it.
   */
  async #lateSecret(
    { search, signal, request, startedAt }: Flight,
    failure: FetchFailure,
  ): Promise<Secret | undefined> {
    const { clock, readDeadline, retry } = this.#parts;
    if (search?.isPending() !== true || !retry.policyOf(failure).serveStale) return undefined;
    const deadline = new Deadline({
      clock,
      ms: remainingOf(readDeadline, clock.now() - startedAt),
      parent: signal,
      reason: () => deadlineError(request, readDeadline, noProgress),
    });
    try {
      return await raceAbort(search.late(), deadline);
    } catch {
      return undefined;
    } finally {
      deadline.clear();
    }
  }

  #resultOf(
    flight: Flight,
    outcome: FetchOutcome,
    { original, startedAt }: { readonly original: Secret | undefined; readonly startedAt: number },
  ): FetchedSecret | FailedFetch {
    const { retry } = this.#parts;
    const { request, signal } = flight;
    if (outcome.kind === 'secret') {
      const secret = cachedCopy(outcome.secret, request.name);
      return { secret, original: original ?? secret, startedAt };
    }
    if (outcome.kind === 'aborted' || signal.aborted) {
      return { error: flight.timeoutError(), policy: failures.unreachable, retryAfter: undefined };
    }
    const { failure } = outcome;
    const error = fetchError(request, failure, flight.progress);
    return { error, policy: retry.policyOf(failure), retryAfter: failure.retryAfter };
  }

  /** Passes the result of a flight to the listener. Returns its secret, or throws its error. */
  #notify(flight: Flight, result: FetchedSecret | FailedFetch): Secret {
    const { listener } = this.#parts;
    const { key, request } = flight;
    let failed = result;
    if ('secret' in failed) {
      try {
        if (!flight.isForgotten) listener.fetched(key, request, failed);
        return failed.secret;
      } catch (cause) {
        // The getters of a secret from a custom transport or hook may throw. That must not end its refreshes.
        failed = malformed(request, cause);
      }
    }
    // The failure of a superseded flight says less than the result of the newer one.
    if (!failed.policy.serveStale || this.#flights.get(key) === flight) listener.failed(key, request, failed);
    throw failed.error;
  }
}

/** The failure of a fetch whose secret cannot be used. */
function malformed(request: SecretRequest, cause: unknown): FailedFetch {
  const failure = new FetchFailure('malformed', `The secret could not be cached: ${safeMessage(cause)}.`);
  return { error: fetchError(request, failure, noProgress), policy: failures.malformed, retryAfter: undefined };
}

/** A flight starts in a microtask: callers of the same turn of the event loop join it before its request leaves. */
const nextMicrotask = Promise.resolve();
