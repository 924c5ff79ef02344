// One fetch from its start to its landing: shared by all who ask meanwhile, within one budget, told to whoever keeps secrets.

import type { Clock } from '../clock.ts';
import { ClientClosedError, messageOf } from '../errors.ts';
import type { AnySecretError, Attempt } from '../errors.ts';
import { failures } from '../failures.ts';
import type { FailureKind } from '../failures.ts';
import type { SecretHook } from '../hook.ts';
import { isSecret } from '../secret.ts';
import type { Secret } from '../secret.ts';
import { FetchFailure } from '../transport.ts';
import type { SecretRequest } from '../transport.ts';
import { Deadline, unlessAborted } from './deadline.ts';
import { fetchWithFailover } from './failover.ts';
import type { FailoverParts, FetchOutcome } from './failover.ts';
import { deadlineError, fetchError } from './fetch-error.ts';
import { SingleFlight } from './single-flight.ts';
import { Urgency } from './urgency.ts';
import type { Purpose } from './urgency.ts';

/** A fetch that came to nothing. */
export interface FailedFetch {
  readonly error: AnySecretError;
  readonly kind: FailureKind;
  /** Milliseconds that the server asked us to wait. */
  readonly retryAfter: number | undefined;
}

/** What a fetch is told as when it lands; none of it is called for a fetch that was forgotten meanwhile. */
export interface Landing {
  fetched(key: string, request: SecretRequest, landed: { readonly secret: Secret; readonly startedAt: number }): void;
  failed(key: string, request: SecretRequest, failed: FailedFetch): void;
  /** No endpoint has answered so far; the fetch goes on. */
  inTrouble(key: string, error: AnySecretError): void;
}

/** A fetch under way, as a reader sees it. */
export interface Flight {
  readonly secret: Promise<Secret>;
  /** What has failed so far. */
  readonly attempts: readonly Attempt[];
  /** Resolves as soon as every endpoint has failed once: who holds an old value need not wait for the other tries. */
  readonly trouble: Promise<void>;
}

type Result = { readonly secret: Secret } | FailedFetch;

interface Log {
  readonly urgency: Urgency;
  readonly attempts: Attempt[];
  readonly trouble: Promise<void>;
  readonly tellTrouble: () => void;
}

export interface FetcherParts extends FailoverParts {
  readonly clock: Clock;
  /** Milliseconds for one fetch, all its tries and waits included. */
  readonly budget: number;
  readonly transform: SecretHook['transform'];
  readonly landing: Landing;
}

/** Fetches secrets: at most one fetch of a key at a time. */
export class Fetcher {
  readonly #parts: FetcherParts;
  readonly #flights = new SingleFlight<Secret>();
  readonly #logs = new Map<string, Log>();

  constructor(parts: FetcherParts) {
    this.#parts = parts;
  }

  /**
   * Joins the fetch of `key`, or begins one; nothing is awaited between the two. A reader that joins a refresh makes it as
   * urgent as if it had begun it.
   */
  fetch(key: string, request: SecretRequest, purpose: Purpose): Flight {
    const joined = this.#flights.has(key) ? this.#logs.get(key) : undefined;
    const log = joined ?? createLog(purpose);
    if (purpose === 'reader') log.urgency.raise();
    const secret = this.#flights.run(key, (isForgotten) => this.#fly(key, request, { log, isForgotten }));
    if (joined === undefined) {
      this.#logs.set(key, log);
      // After the flight has left the board, and not before: who looks in between must find both or neither.
      const tidy = (): void => {
        if (this.#logs.get(key) === log) this.#logs.delete(key);
      };
      secret.then(tidy, tidy);
    }
    return { secret, attempts: log.attempts, trouble: log.trouble };
  }

  /** What is under way brings nothing that is kept: it may have been asked before what made it obsolete. */
  forget(key: string): void {
    this.#flights.forget(key);
    this.#logs.delete(key);
  }

  isUnderWay(key: string): boolean {
    return this.#flights.has(key);
  }

  /** What has failed so far in the fetch of `key` that is under way. */
  attemptsOf(key: string): readonly Attempt[] {
    return this.#logs.get(key)?.attempts ?? [];
  }

  get underWay(): readonly string[] {
    return [...this.#logs.keys()];
  }

  async #fly(
    key: string,
    request: SecretRequest,
    { log, isForgotten }: { readonly log: Log; readonly isForgotten: () => boolean },
  ): Promise<Secret> {
    const { clock, closing, landing, budget } = this.#parts;
    const startedAt = clock.now();
    const deadline = new Deadline({
      clock,
      ms: budget,
      parent: closing,
      reason: () => deadlineError(request, budget, log.attempts),
    });
    const onTrouble = (failure: FetchFailure): void => {
      log.tellTrouble();
      if (!isForgotten()) landing.inTrouble(key, fetchError(request, failure, [...log.attempts]));
    };
    try {
      const result = await this.#ask(request, { log, onTrouble, signal: deadline.signal });
      if (closing.aborted) throw new ClientClosedError(request.name);
      if ('secret' in result) {
        if (!isForgotten()) this.#land(key, request, { secret: result.secret, startedAt });
        return result.secret;
      }
      if (!isForgotten()) landing.failed(key, request, result);
      throw result.error;
    } finally {
      deadline.lift();
      log.tellTrouble();
    }
  }

  /** A secret whose own properties throw is one that a transport or a hook made wrongly; it must not end refreshing. */
  #land(key: string, request: SecretRequest, landed: { readonly secret: Secret; readonly startedAt: number }): void {
    const { landing } = this.#parts;
    try {
      landing.fetched(key, request, landed);
    } catch (cause) {
      const failure = new FetchFailure('malformed', `The secret that came cannot be kept: ${messageOf(cause)}.`);
      const error = fetchError(request, failure, []);
      landing.failed(key, request, { error, kind: failures.malformed, retryAfter: undefined });
      throw error;
    }
  }

  async #ask(
    request: SecretRequest,
    about: { readonly log: Log; readonly onTrouble: (failure: FetchFailure) => void; readonly signal: AbortSignal },
  ): Promise<Result> {
    const { log, onTrouble, signal } = about;
    const { attempts, urgency } = log;
    const call = { request, signal, attempts, urgency, onRoundFailed: onTrouble };
    const outcome = await fetchWithFailover(this.#parts, call);
    const result = outcome.kind === 'secret' ? await this.#transform(outcome.secret, signal) : outcome;
    if (result.kind === 'secret') return { secret: result.secret };
    if (result.kind === 'aborted' || signal.aborted) {
      const error = deadlineError(request, this.#parts.budget, attempts);
      return { error, kind: failures.unreachable, retryAfter: undefined };
    }
    const { failure, retryAfter } = result.failure;
    return { error: fetchError(request, result.failure, attempts), kind: failures[failure], retryAfter };
  }

  /** A hook that throws, or returns no secret, refuses the version. What it threw is told by its kind alone. */
  async #transform(secret: Secret, signal: AbortSignal): Promise<FetchOutcome> {
    const { transform } = this.#parts;
    if (transform === undefined) return { kind: 'secret', secret };
    try {
      const transformed: unknown = await unlessAborted(Promise.resolve(transform(secret)), signal);
      if (isSecret(transformed)) return { kind: 'secret', secret: transformed };
      return vetoed('hook.transform returned something that is not a Secret.');
    } catch (cause) {
      return vetoed(`hook.transform refused version ${secret.versionId}: ${messageOf(cause)}.`);
    }
  }
}

function vetoed(message: string): FetchOutcome {
  return { kind: 'failed', failure: new FetchFailure('vetoed', message) };
}

function createLog(purpose: Purpose): Log {
  const { promise, resolve } = withResolvers();
  return { urgency: new Urgency(purpose), attempts: [], trouble: promise, tellTrouble: resolve };
}

/** `Promise.withResolvers` is not in Node 20. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
