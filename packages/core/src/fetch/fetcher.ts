// One fetch from its start to its landing: shared by all who ask meanwhile, within one budget, told to whoever keeps secrets.

import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { ClientClosedError, messageOf } from '../secret/errors.ts';
import type { AnySecretError, Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import type { FailedFetch, FetchedSecret } from '../secret/fetch-result.ts';
import type { SecretHook } from '../ports/hook.ts';
import { isSecret, Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { Deadline, withTimeout, raceAbort } from '../time/deadline.ts';
import { fetchWithFailover } from './failover.ts';
import type { FailoverParts, FetchOutcome } from './failover.ts';
import { deadlineError, fetchError } from './fetch-error.ts';
import { SingleFlight } from './single-flight.ts';
import { Priority } from '../endpoint/priority.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';

/** Where a secret may be had without KMS. */
export interface StoreLookup {
  /** Resolves to `undefined` if KMS must be asked; `onLooked` is told when only a turn is waited for. Never rejects. */
  findStored(
    key: string,
    request: SecretRequest,
    look: { readonly signal: AbortSignal; readonly isRead: boolean; readonly onStoresChecked: () => void },
  ): Promise<Secret | undefined>;
  /** The fetch is over, and nobody is told of it otherwise. `signal` is its own, where another may have begun since. */
  releaseLease(key: string, signal?: AbortSignal): void;
}

/** What a fetch is told as when it lands; none of it is called for a fetch that was forgotten meanwhile. */
export interface FetchListener {
  fetched(key: string, request: SecretRequest, fetched: FetchedSecret): void;
  failed(key: string, request: SecretRequest, failed: FailedFetch): void;
  /** No endpoint has answered so far; the fetch goes on. */
  markFailing(key: string, error: AnySecretError): void;
}

/** A fetch under way, as a reader sees it. */
export interface Flight {
  readonly secret: Promise<Secret>;
  /** The clock's `now`. */
  readonly startedAt: number;
  /** Whether somebody waits for it. */
  readonly priority: Priority;
  /** What has failed so far. */
  readonly attempts: readonly Attempt[];
  /** Resolves as soon as every endpoint has failed once: who holds an old value need not wait for the other tries. */
  readonly failing: Promise<void>;
  /** Resolves when the stores have been looked into; what they have is in memory by then. Not there without stores. */
  readonly storesChecked: Promise<void> | undefined;
  /** Those who wait for it since the same turn of the event loop: a note of `Reader`, gone with the flight. */
  sharedWait?: { readonly turn: number; readonly waiting: Promise<Secret> };
}

type Result = { readonly secret: Secret; readonly original: Secret } | FailedFetch;

interface Log {
  readonly priority: Priority;
  readonly attempts: Attempt[];
  readonly failing: Promise<void>;
  readonly notifyFailing: () => void;
  readonly storesChecked: Promise<void>;
  readonly notifyStoresChecked: () => void;
}

interface Course {
  readonly log: Log;
  readonly stores: StoreLookup | undefined;
  readonly isForgotten: () => boolean;
}

export interface FetcherParts extends FailoverParts {
  readonly clock: Clock;
  /** Milliseconds for one fetch, all its tries and waits included. */
  readonly budget: number;
  readonly transform: SecretHook['transform'];
  readonly listener: FetchListener;
  /** Not there without stores: then nothing is awaited before KMS is asked. */
  readonly stores: StoreLookup | undefined;
}

/** Fetches secrets: at most one fetch of a key at a time. */
export class Fetcher {
  readonly #parts: FetcherParts;
  readonly #flights = new SingleFlight<Secret>();
  readonly #underWay = new Map<string, Flight>();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /**
   * Joins the fetch of `key`, or begins one; nothing is awaited between the two. Who joins makes it as urgent as if
   * it had begun it.
   */
  joinOrStart(key: string, request: SecretRequest, purpose: PriorityLevel): Flight {
    const joined = this.#flights.has(key) ? this.#underWay.get(key) : undefined;
    if (joined !== undefined) {
      joined.priority.raise(purpose);
      return joined;
    }
    const log = createLog(purpose);
    const shortcut = purpose === 'forced' ? undefined : this.#parts.stores;
    const secret = this.#flights.run(key, (isForgotten) =>
      this.#runFlight(key, request, { log, stores: shortcut, isForgotten }),
    );
    const looked = shortcut && log.storesChecked;
    const { priority, attempts, failing } = log;
    const flight: Flight = {
      secret,
      startedAt: this.#parts.clock.now(),
      priority,
      attempts,
      failing,
      storesChecked: looked,
    };
    this.#underWay.set(key, flight);
    // After the flight has left the board, and not before: who looks in between must find both or neither.
    const tidy = (): void => {
      if (this.#underWay.get(key) === flight) this.#underWay.delete(key);
    };
    secret.then(tidy, tidy);
    return flight;
  }

  /** What is under way brings nothing that is kept: it may have been asked before what made it obsolete. */
  forget(key: string): void {
    this.#flights.forget(key);
    this.#underWay.delete(key);
    // The next one must not wait for what this one holds.
    this.#parts.stores?.releaseLease(key);
  }

  isInFlight(key: string): boolean {
    return this.#flights.has(key);
  }

  /** What has failed so far in the fetch of `key` that is under way. */
  attemptsOf(key: string): readonly Attempt[] {
    return this.#underWay.get(key)?.attempts ?? [];
  }

  get keysInFlight(): readonly string[] {
    return [...this.#underWay.keys()];
  }

  async #runFlight(key: string, request: SecretRequest, { log, stores, isForgotten }: Course): Promise<Secret> {
    const { clock, closing, listener, budget } = this.#parts;
    const deadline = new Deadline({
      clock,
      ms: budget,
      parent: closing,
      reason: () => deadlineError(request, budget, log.attempts),
    });
    const onTrouble = (failure: FetchFailure): void => {
      log.notifyFailing();
      if (!isForgotten()) listener.markFailing(key, fetchError(request, failure, [...log.attempts]));
    };
    try {
      const found = await this.#checkStores(key, request, { log, stores, deadline });
      log.notifyStoresChecked();
      if (found !== undefined && log.priority.level !== 'forced') return found;
      const startedAt = clock.now();
      const result = await this.#fetchFromKms(request, { log, onTrouble, signal: deadline });
      if (closing.aborted) throw new ClientClosedError(request.name);
      if ('secret' in result) {
        if (!isForgotten()) this.#storeResult(key, request, { ...result, startedAt });
        return result.secret;
      }
      if (!isForgotten()) listener.failed(key, request, result);
      throw result.error;
    } finally {
      deadline.clear();
      log.notifyStoresChecked();
      log.notifyFailing();
      if (isForgotten() || closing.aborted) stores?.releaseLease(key, deadline.signal);
    }
  }

  /** A store may take its time; a fetch that is over waits for it no longer. */
  async #checkStores(
    key: string,
    request: SecretRequest,
    { log, stores, deadline }: Pick<Course, 'log' | 'stores'> & { readonly deadline: Deadline },
  ): Promise<Secret | undefined> {
    if (stores === undefined) return undefined;
    const { signal } = deadline;
    const looking = stores.findStored(key, request, {
      signal,
      isRead: log.priority.level === 'read',
      onStoresChecked: log.notifyStoresChecked,
    });
    return raceAbort(looking, deadline).catch(() => undefined);
  }

  /** A secret whose own properties throw is one that a transport or a hook made wrongly; it must not end refreshing. */
  #storeResult(key: string, request: SecretRequest, fetched: FetchedSecret): void {
    const { listener } = this.#parts;
    try {
      listener.fetched(key, request, fetched);
    } catch (cause) {
      const failure = new FetchFailure('malformed', `The secret that came cannot be kept: ${messageOf(cause)}.`);
      const error = fetchError(request, failure, []);
      listener.failed(key, request, { error, kind: failures.malformed, retryAfter: undefined });
      throw error;
    }
  }

  async #fetchFromKms(
    request: SecretRequest,
    about: { readonly log: Log; readonly onTrouble: (failure: FetchFailure) => void; readonly signal: CancelSignal },
  ): Promise<Result> {
    const { log, onTrouble, signal } = about;
    const { attempts, priority } = log;
    const call = { request, signal, attempts, priority, onFailing: onTrouble };
    const outcome = await fetchWithFailover(this.#parts, call);
    const result = outcome.kind === 'secret' ? await this.#transform(outcome.secret, signal) : outcome;
    if (result.kind === 'secret' && outcome.kind === 'secret') {
      return { secret: Secret.kept(result.secret, request.name), original: outcome.secret };
    }
    if (result.kind !== 'failed' || signal.aborted) {
      const error = deadlineError(request, this.#parts.budget, attempts);
      return { error, kind: failures.unreachable, retryAfter: undefined };
    }
    const { failure, retryAfter } = result.failure;
    return { error: fetchError(request, result.failure, attempts), kind: failures[failure], retryAfter };
  }

  /** What readers get of a secret that a store has. Rejects if the hook refuses it, or does not answer in time. */
  async prepare(secret: Secret, { name }: SecretRequest): Promise<Secret> {
    const { clock, attemptTimeout: ms, closing } = this.#parts;
    const onTimeout = (): FetchOutcome => hookRejected('hook.transform did not answer.');
    const outcome = await withTimeout(this.#transform(secret, closing), clock, { ms, onTimeout });
    if (outcome.kind !== 'secret') throw new Error('The hook refuses what the store has.');
    return Secret.kept(outcome.secret, name);
  }

  /** A hook that throws, or returns no secret, refuses the version. What it threw is told by its kind alone. */
  async #transform(secret: Secret, signal: CancelSignal): Promise<FetchOutcome> {
    const { transform } = this.#parts;
    if (transform === undefined) return { kind: 'secret', secret };
    try {
      const transformed: unknown = await raceAbort(Promise.resolve(transform(secret)), signal);
      if (isSecret(transformed)) return { kind: 'secret', secret: transformed };
      return hookRejected('hook.transform returned something that is not a Secret.');
    } catch (cause) {
      return hookRejected(`hook.transform refused version ${secret.versionId}: ${messageOf(cause)}.`);
    }
  }
}

function hookRejected(message: string): FetchOutcome {
  return { kind: 'failed', failure: new FetchFailure('hookRejected', message) };
}

function createLog(purpose: PriorityLevel): Log {
  const trouble = withResolvers();
  const looked = withResolvers();
  return {
    priority: new Priority(purpose),
    attempts: [],
    failing: trouble.promise,
    notifyFailing: trouble.resolve,
    storesChecked: looked.promise,
    notifyStoresChecked: looked.resolve,
  };
}

/** `Promise.withResolvers` is not in Node 20. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
