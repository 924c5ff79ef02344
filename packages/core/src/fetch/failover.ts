// Retries and failover of one fetch: a race between the candidate endpoints, a backoff, the next race, until an endpoint
// returns the secret, a failure is final, or no attempt is left. `client/preload.ts` repeats whole reads on top of this loop.

import type { Endpoint } from '../endpoint/endpoint.ts';
import type { EndpointSet } from '../endpoint/endpoint-set.ts';
import { Priority } from '../endpoint/priority.ts';
import type { Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import type { CancelSignal } from '../time/abort.ts';
import { sleep } from '../time/clock.ts';
import { describeDuration } from '../time/duration.ts';
import { EndpointAttempt } from './attempt.ts';
import type { Backoff } from './backoff.ts';
import { EndpointRace } from './endpoint-race.ts';
import type { FetchOutcome, RaceParts } from './endpoint-race.ts';

export type { FetchOutcome } from './endpoint-race.ts';

export interface FailoverParts extends RaceParts {
  readonly endpoints: Pick<EndpointSet, 'primary' | 'all'>;
  readonly backoff: Backoff;
  /** Fires when the client is closed. */
  readonly closing: AbortSignal;
}

export interface FailoverCall {
  readonly request: SecretRequest;
  /** Fires when the budget of the fetch is used up. */
  readonly signal: CancelSignal;
  readonly priority: Priority;
  /** Appended to during the fetch: a reader whose deadline passes first reports what has failed until then. */
  readonly attempts: Attempt[];
  /** Called when every candidate has failed and a retry follows, and before the first race if no endpoint is available. */
  readonly onFailing: (failure: FetchFailure) => void;
}

/** Never rejects. */
export async function fetchWithFailover(parts: FailoverParts, call: FailoverCall): Promise<FetchOutcome> {
  const { clock, backoff, endpoints } = parts;
  const { primary } = endpoints;
  const failed = new Map<Endpoint, FetchFailure>();
  let remaining = endpoints.all;
  let wait = shortestRetryAfter(remaining);
  parts.hedging?.deposit();
  // A success is unlikely: a reader with a stale value need not wait for it.
  if (wait > 0 || remaining.every(({ isBreakerOpen }) => isBreakerOpen)) call.onFailing(failureOf(primary, failed));
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (wait > 0) await sleep(clock, wait, call.signal);
    } catch {
      return { kind: 'aborted' };
    }
    const isLast = backoff(attempt, 0) === undefined;
    const candidates = pickCandidates(remaining, isLast);
    for (const endpoint of remaining) if (!candidates.includes(endpoint)) skipEndpoint(endpoint, parts, call);
    const outcome = await new EndpointRace(candidates, parts, { ...call, failed, primary }).run();
    if (outcome !== undefined) return outcome;
    remaining = remaining.filter((endpoint) => isRetryable(failed.get(endpoint)));
    const pause = remaining.length === 0 ? undefined : backoff(attempt, clock.random());
    if (pause === undefined) return { kind: 'failed', failure: failureOf(primary, failed) };
    call.onFailing(failureOf(primary, failed));
    wait = Math.max(pause, shortestRetryAfter(remaining));
  }
}

/**
 * Endpoints with a closed breaker and no Retry-After, throttled ones last. Endpoints with an open breaker are added where no
 * other candidate is left, and in the last race of the fetch.
 */
function pickCandidates(remaining: readonly Endpoint[], isLast: boolean): readonly Endpoint[] {
  const withoutRetryAfter = remaining.filter(({ cooldown }) => cooldown.retryAfter === 0);
  const eligible = withoutRetryAfter.length === 0 ? remaining : withoutRetryAfter;
  const closed = eligible.filter(({ isBreakerOpen }) => !isBreakerOpen);
  const ready = closed.filter(({ isReady }) => isReady);
  const coolingDown = closed.filter(({ isReady }) => !isReady);
  const candidates = [...ready, ...coolingDown];
  if (candidates.length > 0 && !isLast) return candidates;
  return [...candidates, ...eligible.filter(({ isBreakerOpen }) => isBreakerOpen)];
}

/** Records that `endpoint` is not a candidate, and sends a probe if one is due; the fetch does not wait for the probe. */
function skipEndpoint(endpoint: Endpoint, parts: FailoverParts, call: FailoverCall): void {
  if (!call.attempts.some(({ endpoint: name, isSkipped }) => isSkipped === true && name === endpoint.name)) {
    const error = skippedFailure(endpoint);
    call.attempts.push({ endpoint: endpoint.name, failure: error.failure, ms: 0, error, isSkipped: true });
  }
  if (!endpoint.breaker.isProbeDue) return;
  // On the client's signal: the fetch may end before a slow endpoint responds to the probe.
  void new EndpointAttempt(endpoint, parts, {
    request: call.request,
    signal: parts.closing,
    priority: new Priority('refresh'),
  });
}

function skippedFailure({ name, breakerOpenFor, cooldown, lastFailure }: Endpoint): FetchFailure {
  const reason =
    breakerOpenFor === undefined
      ? `Retry-After ends in ${describeDuration(cooldown.retryAfter)}`
      : `circuit breaker open since ${describeDuration(breakerOpenFor)}`;
  const last = lastFailure === undefined ? '.' : `; last error: ${lastFailure.message}`;
  return new FetchFailure(lastFailure?.failure ?? 'unavailable', `${name}: skipped, ${reason}${last}`);
}

/** The failure of the primary decides: a fallback region may lack the secret while the primary is unavailable. */
function failureOf(primary: Endpoint, failed: ReadonlyMap<Endpoint, FetchFailure>): FetchFailure {
  return failed.get(primary) ?? skippedFailure(primary);
}

/** An endpoint without an attempt so far is retryable. */
function isRetryable(failure: FetchFailure | undefined): boolean {
  return failure === undefined || failures[failure.failure].retry;
}

/** Milliseconds until the first of the endpoints accepts requests again. */
function shortestRetryAfter(endpoints: readonly Endpoint[]): number {
  return Math.min(...endpoints.map(({ cooldown }) => cooldown.retryAfter));
}
