// Retries and failover of one fetch: a race between the candidate endpoints, a backoff, the next race, until an endpoint returns
// the secret, a failure is final, or no attempt is left. `client/preload.ts` has the only other retry loop, of whole reads.

import type { Endpoint } from '../endpoint/endpoint.ts';
import type { EndpointSet } from '../endpoint/endpoint-set.ts';
import { Priority } from '../endpoint/priority.ts';
import { FetchFailure } from '../ports/transport.ts';
import { sleep } from '../time/clock.ts';
import { describeDuration } from '../time/duration.ts';
import { EndpointAttempt } from './attempt.ts';
import { EndpointRace, outcomeOf } from './endpoint-race.ts';
import type { FetchOutcome, RaceCall, RaceParts } from './endpoint-race.ts';
import type { RetryPolicy } from './retry-policy.ts';

export interface FailoverParts extends RaceParts {
  readonly endpoints: Pick<EndpointSet, 'primary' | 'all'>;
  readonly retry: RetryPolicy;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

export interface FailoverCall extends RaceCall {
  /** Called when every candidate has failed and a retry follows, and at the start if no endpoint is ready. */
  onFailing(failure: FetchFailure): void;
}

/** Fetches a secret from the endpoints, with retries and failover. Never rejects. */
export async function fetchWithFailover(parts: FailoverParts, call: FailoverCall): Promise<FetchOutcome> {
  const { clock, retry, endpoints } = parts;
  const { primary } = endpoints;
  const { signal } = call;
  let remaining = endpoints.all;
  let wait = shortestRetryAfter(remaining);
  parts.hedging?.deposit();
  // A success is unlikely, so a reader with a stale value need not wait.
  if (wait > 0 || remaining.every(({ isBreakerOpen }) => isBreakerOpen))
    call.onFailing(failureOf(primary, call.failed));
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (wait > 0) await sleep(clock, wait, signal);
    } catch {
      return { kind: 'aborted' };
    }
    const candidates = pickCandidates(remaining, retry.isLast(attempt));
    if (candidates !== remaining) {
      for (const endpoint of remaining) if (!candidates.includes(endpoint)) skipEndpoint(endpoint, parts, call);
    }
    if (attempt === 1) probeLastCandidates(candidates, parts, call);
    const [only] = candidates;
    if (candidates.length > 1) call.onWait?.();
    const outcome =
      only !== undefined && candidates.length === 1
        ? outcomeOf(await new EndpointAttempt(only, parts, call).finished, parts, call)
        : await new EndpointRace(candidates, parts, call).run();
    if (outcome !== undefined) return outcome;
    remaining = remaining.filter((endpoint) => isRetryable(call.failed.get(endpoint), retry));
    const failure = failureOf(primary, call.failed);
    const pause = remaining.length === 0 ? undefined : retry.delayAfter(attempt, failure);
    if (pause === undefined) return { kind: 'failed', failure };
    call.onFailing(failure);
    wait = Math.max(pause, shortestRetryAfter(remaining));
  }
}

/**
 * Picks the endpoints with a closed breaker and no Retry-After, throttled ones last. Endpoints with an open breaker are added if
 * there is no other candidate, and in the last race of the fetch.
 */
function pickCandidates(remaining: readonly Endpoint[], isLast: boolean): readonly Endpoint[] {
  if (remaining.every(({ isReady }) => isReady)) return remaining;
  const withoutRetryAfter = remaining.filter(({ cooldown }) => cooldown.retryAfter === 0);
  const eligible = withoutRetryAfter.length === 0 ? remaining : withoutRetryAfter;
  const closed = eligible.filter(({ isBreakerOpen }) => !isBreakerOpen);
  const ready = closed.filter(({ isReady }) => isReady);
  const coolingDown = closed.filter(({ isReady }) => !isReady);
  const candidates = [...ready, ...coolingDown];
  if (candidates.length > 0 && !isLast) return candidates;
  return [...candidates, ...eligible.filter(({ isBreakerOpen }) => isBreakerOpen)];
}

/** Records that `endpoint` is skipped, and sends a probe if one is due. The fetch does not wait for the probe. */
function skipEndpoint(endpoint: Endpoint, parts: FailoverParts, call: FailoverCall): void {
  if (!call.attempts.some(({ endpoint: name, isSkipped }) => isSkipped === true && name === endpoint.name)) {
    const error = skippedFailure(endpoint);
    call.attempts.push({ endpoint: endpoint.name, failure: error.failure, ms: 0, error, isSkipped: true });
  }
  if (endpoint.breaker.isProbeDue) sendProbe(endpoint, parts, call);
}

/**
 * With a single attempt, the only race is the last one, and has endpoints with an open breaker as its last candidates. It may end
 * before it comes to them, so without a probe they would never be used again.
 */
function probeLastCandidates([first, ...others]: readonly Endpoint[], parts: FailoverParts, call: FailoverCall): void {
  if (first === undefined || first.isBreakerOpen) return;
  for (const endpoint of others) if (endpoint.breaker.isProbeDue) sendProbe(endpoint, parts, call);
}

function sendProbe(endpoint: Endpoint, parts: FailoverParts, call: FailoverCall): void {
  // With the signal of the client: the fetch may end before the endpoint responds to the probe.
  void new EndpointAttempt(endpoint, parts, {
    request: call.request,
    signal: parts.closing,
    priority: new Priority('refresh'),
    attempts: [],
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

/** The failure of the primary is that of the fetch: a fallback region may lack the secret while the primary is unavailable. */
function failureOf(primary: Endpoint, failed: ReadonlyMap<Endpoint, FetchFailure>): FetchFailure {
  return failed.get(primary) ?? skippedFailure(primary);
}

/** Whether another attempt may succeed. True for an endpoint without an attempt so far. */
function isRetryable(failure: FetchFailure | undefined, retry: RetryPolicy): boolean {
  return failure === undefined || retry.policyOf(failure).retry;
}

/** Milliseconds until at least one of the endpoints has no Retry-After. */
function shortestRetryAfter(endpoints: readonly Endpoint[]): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (const { cooldown } of endpoints) shortest = Math.min(shortest, cooldown.retryAfter);
  return shortest;
}
