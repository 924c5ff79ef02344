// One fetch: every endpoint in turn, round after round, until one answers, one refuses, or the tries are used up.
// This is the only retry loop in the project.

import type { CancelSignal } from '../time/abort.ts';
import { sleep } from '../time/clock.ts';
import type { Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { EndpointAttempt } from './attempt.ts';
import type { Backoff } from './backoff.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { EndpointSet } from '../endpoint/endpoint-set.ts';
import { EndpointRace } from './endpoint-race.ts';
import type { FetchOutcome, RaceParts } from './endpoint-race.ts';
import { Priority } from '../endpoint/priority.ts';

export type { FetchOutcome } from './endpoint-race.ts';

export interface FailoverParts extends RaceParts {
  readonly endpoints: Pick<EndpointSet, 'primary' | 'inOrder'>;
  readonly backoff: Backoff;
  /** Fires when the client is closed. */
  readonly closing: AbortSignal;
}

export interface FailoverCall {
  readonly request: SecretRequest;
  /** The budget of the whole fetch. */
  readonly signal: CancelSignal;
  readonly priority: Priority;
  /** Filled as the fetch goes on, so that a reader who leaves early can tell what had failed by then. */
  readonly attempts: Attempt[];
  /** Told after each round in which no endpoint answered and another round may follow, and when none is expected to. */
  readonly onFailing: (failure: FetchFailure) => void;
}

/** Never rejects. */
export async function fetchWithFailover(parts: FailoverParts, call: FailoverCall): Promise<FetchOutcome> {
  const { clock, backoff, endpoints } = parts;
  const { primary } = endpoints;
  const failed = new Map<Endpoint, FetchFailure>();
  let remaining = endpoints.inOrder;
  let wait = shortestRetryAfter(remaining);
  parts.hedging?.deposit();
  // Nobody is likely to answer soon: who holds an old value need not find that out by waiting.
  if (wait > 0 || remaining.every(({ isBreakerOpen }) => isBreakerOpen))
    call.onFailing(primaryFailure(primary, failed));
  for (let round = 1; ; round += 1) {
    try {
      if (wait > 0) await sleep(clock, wait, call.signal);
    } catch {
      return { kind: 'aborted' };
    }
    const turn = pickCandidates(remaining, backoff(round, 0) === undefined ? 'last' : 'not last');
    for (const endpoint of remaining) if (!turn.includes(endpoint)) skipEndpoint(endpoint, parts, call);
    const outcome = await new EndpointRace(turn, parts, { ...call, failed, primary }).run();
    if (outcome !== undefined) return outcome;
    remaining = remaining.filter((endpoint) => isRetryable(failed.get(endpoint)));
    const pause = remaining.length === 0 ? undefined : backoff(round, clock.random());
    if (pause === undefined) return { kind: 'failed', failure: primaryFailure(primary, failed) };
    call.onFailing(primaryFailure(primary, failed));
    wait = Math.max(pause, shortestRetryAfter(remaining));
  }
}

/**
 * Whom to ask in this round: those whose breaker is closed, those that throttle after the others. A breaker keeps nobody
 * from asking where that would leave nobody to ask, or the read with no further chance.
 */
function pickCandidates(remaining: readonly Endpoint[], round: 'last' | 'not last'): readonly Endpoint[] {
  const askable = remaining.filter(({ cooldown }) => cooldown.retryAfter === 0);
  const among = askable.length === 0 ? remaining : askable;
  const closed = among.filter(({ isBreakerOpen }) => !isBreakerOpen);
  const turn = [...closed.filter(({ isReady }) => isReady), ...closed.filter(({ isReady }) => !isReady)];
  return turn.length > 0 && round === 'not last'
    ? turn
    : [...turn, ...among.filter(({ isBreakerOpen }) => isBreakerOpen)];
}

/** An endpoint that is not asked for now; if it is time to see how it is, that is done beside the fetch, which goes on. */
function skipEndpoint(endpoint: Endpoint, parts: FailoverParts, call: FailoverCall): void {
  if (!call.attempts.some(({ endpoint: name, isSkipped }) => isSkipped === true && name === endpoint.name)) {
    const error = skippedFailure(endpoint);
    call.attempts.push({ endpoint: endpoint.name, failure: error.failure, ms: 0, error, isSkipped: true });
  }
  if (!endpoint.breaker.isProbeDue) return;
  // With a life of its own: the fetch will be over when a slow endpoint answers, and that it does is all we want to know.
  void new EndpointAttempt(endpoint, parts, {
    request: call.request,
    signal: parts.closing,
    priority: new Priority('refresh'),
  });
}

/** Why an endpoint was passed over, with what it said last. */
function skippedFailure({ name, isBreakerOpen, lastFailure }: Endpoint): FetchFailure {
  const why = isBreakerOpen ? 'its circuit breaker is open' : 'it has asked to be spared';
  const before = lastFailure === undefined ? '' : ` ${lastFailure.message}`;
  return new FetchFailure(lastFailure?.failure ?? 'unavailable', `${name} was not asked: ${why}.${before}`);
}

/** The first endpoint's word counts: what a standby lacks is no news while the first is away. */
function primaryFailure(home: Endpoint, failed: ReadonlyMap<Endpoint, FetchFailure>): FetchFailure {
  return failed.get(home) ?? skippedFailure(home);
}

/** One that has not been asked yet may. */
function isRetryable(failure: FetchFailure | undefined): boolean {
  return failure === undefined || failures[failure.failure].retry;
}

/** The least that one of the endpoints has asked us to wait. */
function shortestRetryAfter(endpoints: readonly Endpoint[]): number {
  return Math.min(...endpoints.map(({ cooldown }) => cooldown.retryAfter));
}
