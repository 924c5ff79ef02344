import type { Endpoint } from '../endpoint/endpoint.ts';
import { Priority } from '../endpoint/priority.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';
import type { FetchFailure } from '../ports/transport.ts';
import type { Attempt, DeadlineExceededError } from '../secret/errors.ts';
import type { StoreSearchResult } from '../secret/fetch-result.ts';
import type { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { Clock } from '../time/clock.ts';
import { Deadline } from '../time/deadline.ts';
import type { FailoverCall } from './failover.ts';
import { deadlineError } from './fetch-error.ts';
import type { FetchProgress } from './fetch-error.ts';

/** What a flight is for. */
export interface FlightPlan {
  readonly key: string;
  readonly request: SecretRequest;
  readonly level: PriorityLevel;
  /** Whether the flight reads the stores before it sends a request. */
  readonly readsStores: boolean;
  /** The flight starts when it settles. */
  readonly start: Promise<unknown>;
}

/** What all flights of a client have in common. */
export interface FlightContext {
  readonly clock: Clock;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
  /** Milliseconds for one fetch, with all its attempts and waits. */
  readonly fetchDeadline: number;
  /** Fetches the secret. Called once, at once. */
  readonly run: (flight: Flight, start: Promise<unknown>) => Promise<Secret>;
  /** See `FailoverCall`. */
  readonly onFailing: (flight: Flight, failure: FetchFailure) => void;
}

/** One fetch of a secret, which all its readers share. */
export class Flight implements FailoverCall {
  readonly key: string;
  readonly request: SecretRequest;
  readonly secret: Promise<Secret>;
  /** The clock's `now`. */
  readonly startedAt: number;
  /** Aborts at the deadline of the fetch. */
  readonly signal: Deadline;
  readonly priority: Priority;
  /** Whether the flight reads the stores before it sends a request. */
  readonly readsStores: boolean;
  /** The attempts that have failed and the endpoints that were skipped so far. */
  readonly attempts: Attempt[] = [];
  /** The endpoint that returned the secret. */
  endpoint: Endpoint | undefined;
  /** Whether a request to KMS is in flight, so that its response may be older than a call now. */
  isSent = false;
  /** Its result may be older than an invalidation or a refusal. */
  isForgotten = false;
  /** The search in the stores, once it has started. */
  search: StoreSearchResult | undefined;
  /** The forced refresh that waits for the end of this one. */
  next: Flight | undefined;
  /** The result that reads of the same turn of the event loop share. Set by `Reader`. */
  sharedWait: { readonly startedAt: number; readonly result: Promise<Secret> } | undefined;
  readonly #context: FlightContext;
  #runsFrom = 0;
  #failed: Map<Endpoint, FetchFailure> | undefined;
  readonly #failing = new Milestone();
  readonly #storesChecked = new Milestone();

  constructor({ key, request, level, readsStores, start }: FlightPlan, context: FlightContext) {
    this.key = key;
    this.request = request;
    this.priority = new Priority(level);
    this.readsStores = readsStores;
    this.#context = context;
    const { clock, closing } = context;
    this.startedAt = clock.now();
    this.signal = new Deadline({ clock, parent: closing, reason: () => this.timeoutError(), limits: 'caller' });
    this.secret = context.run(this, start);
    // Not an unhandled rejection: a flight may have no reader, and the listener receives the failure.
    this.secret.catch(() => {});
  }

  /** The error of a fetch that exceeds its deadline. */
  timeoutError(): DeadlineExceededError {
    return deadlineError(this.request, this.#context.fetchDeadline, this.progress);
  }

  /** Its deadline counts from `now` (the clock's `now`). */
  startTime(now: number): void {
    this.#runsFrom = now;
  }

  /**
   * Sets the timer of the deadline. Most fetches end with their first request, which has a shorter timeout of its own, and need no
   * further timer.
   */
  onWait(): void {
    this.signal.startFrom(this.#runsFrom, this.#context.fetchDeadline);
  }

  onSent(): void {
    this.isSent = true;
  }

  onFailing(failure: FetchFailure): void {
    // The retry sends another request.
    this.isSent = false;
    this.onWait();
    this.#failing.reach();
    this.#context.onFailing(this, failure);
  }

  /** The last failure of each endpoint. Created on demand: most fetches have none. */
  get failed(): Map<Endpoint, FetchFailure> {
    this.#failed ??= new Map();
    return this.#failed;
  }

  /** What the flight has done so far. A copy, because the flight goes on. */
  get progress(): FetchProgress {
    return { attempts: [...this.attempts], storeLines: this.search?.lines() ?? [] };
  }

  /** Resolves when every endpoint has failed once, or the flight has ended. A reader with a stale value does not wait for the retries. */
  get failing(): Promise<void> {
    return this.#failing.reached;
  }

  /** Resolves when the stores have been read and their values are in memory. */
  get storesChecked(): Promise<void> {
    return this.#storesChecked.reached;
  }

  markStoresChecked(): void {
    this.#storesChecked.reach();
  }

  /** Ends the wait of every reader for something other than the secret. */
  end(): void {
    this.signal.clear();
    this.markStoresChecked();
    this.#failing.reach();
  }
}

/** Something that happens once. The promise is created only if something waits for it: for most fetches, nothing does. */
class Milestone {
  #isReached = false;
  #promise: Promise<void> | undefined;
  #resolve: (() => void) | undefined;

  get reached(): Promise<void> {
    this.#promise ??= new Promise((resolve) => {
      if (this.#isReached) resolve();
      else this.#resolve = resolve;
    });
    return this.#promise;
  }

  reach(): void {
    this.#isReached = true;
    this.#resolve?.();
  }
}
