// One fetch: every endpoint in turn, round after round, until one answers, one refuses, or the tries are used up.
// This is the only retry loop in the project.

import type { Clock } from '../clock.ts';
import { sleep } from '../clock.ts';
import type { Attempt } from '../errors.ts';
import { failures } from '../failures.ts';
import type { FailureName } from '../failures.ts';
import { isSecret } from '../secret.ts';
import type { Secret } from '../secret.ts';
import { asFetchFailure, FetchFailure } from '../transport.ts';
import type { SecretRequest } from '../transport.ts';
import type { Backoff } from './backoff.ts';
import { Deadline, unlessAborted } from './deadline.ts';
import type { Endpoint } from './endpoint.ts';

export type FetchOutcome =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'failed'; readonly failure: FetchFailure }
  | { readonly kind: 'aborted' };

export interface FailoverParts {
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly attemptTimeout: number;
}

export interface FailoverCall {
  readonly request: SecretRequest;
  /** The budget of the whole fetch. */
  readonly signal: AbortSignal;
  /** Filled as the fetch goes on, so that a reader who leaves early can tell what had failed by then. */
  readonly attempts: Attempt[];
  /** Told after each round in which no endpoint answered and another round may follow. */
  readonly onRoundFailed: (failure: FetchFailure) => void;
}

/** Never rejects. */
export async function fetchWithFailover(parts: FailoverParts, call: FailoverCall): Promise<FetchOutcome> {
  const { clock, backoff, endpoints } = parts;
  const failed = new Map<Endpoint, FetchFailure>();
  let remaining: readonly Endpoint[] = endpoints;
  for (let round = 1; ; round += 1) {
    const outcome = await askEach(remaining, failed, { parts, call });
    if (outcome !== undefined) return outcome;
    const verdict = verdictOf(failed, endpoints);
    remaining = remaining.filter((endpoint) => mayAnswerLater(failed.get(endpoint)));
    const wait = remaining.length === 0 ? undefined : backoff(round, clock.random());
    if (wait === undefined) return { kind: 'failed', failure: verdict };
    call.onRoundFailed(verdict);
    try {
      await sleep(clock, Math.max(wait, askedToWait(remaining, failed)), call.signal);
    } catch {
      return { kind: 'aborted' };
    }
  }
}

/** One round: the next endpoint is asked at once when one fails. `undefined`: none of them has settled it. */
async function askEach(
  endpoints: readonly Endpoint[],
  failed: Map<Endpoint, FetchFailure>,
  { parts, call }: { readonly parts: FailoverParts; readonly call: FailoverCall },
): Promise<FetchOutcome | undefined> {
  for (const endpoint of endpoints) {
    const startedAt = parts.clock.now();
    const answer = await askOnce(endpoint, parts, call);
    if (call.signal.aborted) return { kind: 'aborted' };
    if (!(answer instanceof FetchFailure)) return { kind: 'secret', secret: answer };
    const { failure } = answer;
    failed.set(endpoint, answer);
    call.attempts.push({ endpoint: endpoint.name, failure, ms: parts.clock.now() - startedAt, error: answer });
    if (!failures[failure].failover && !(endpoint !== parts.endpoints[0] && isRegional(failure))) {
      return { kind: 'failed', failure: answer };
    }
  }
  return undefined;
}

/** A secret may not be at a standby yet, and its key may be disabled there: that says nothing of the first endpoint. */
function isRegional(failure: FailureName): boolean {
  return failure === 'notFound' || failure === 'disabled';
}

/** The first endpoint's word counts: what a standby lacks is no news while the first is away. */
function verdictOf(failed: ReadonlyMap<Endpoint, FetchFailure>, endpoints: FailoverParts['endpoints']): FetchFailure {
  return failed.get(endpoints[0]) ?? new FetchFailure('unavailable', 'No endpoint answered.');
}

function mayAnswerLater(failure: FetchFailure | undefined): boolean {
  return failure !== undefined && failures[failure.failure].retry;
}

/** The least that one of the endpoints asked us to wait. */
function askedToWait(endpoints: readonly Endpoint[], failed: ReadonlyMap<Endpoint, FetchFailure>): number {
  return Math.min(...endpoints.map((endpoint) => failed.get(endpoint)?.retryAfter ?? 0));
}

async function askOnce(endpoint: Endpoint, parts: FailoverParts, call: FailoverCall): Promise<Secret | FetchFailure> {
  const { clock, attemptTimeout } = parts;
  const attempt = new Deadline({
    clock,
    ms: attemptTimeout,
    parent: call.signal,
    reason: () =>
      new FetchFailure('unreachable', `${endpoint.name} did not answer within ${attemptTimeout} ms (attemptTimeout).`),
  });
  try {
    const secret: unknown = await unlessAborted(endpoint.fetch(call.request, attempt.signal), attempt.signal);
    if (!isSecret(secret)) throw new FetchFailure('malformed', `The transport of ${endpoint.name} returned no Secret.`);
    endpoint.answered();
    return secret;
  } catch (error) {
    const failure = asFetchFailure(error);
    // Cut off by the end of the whole fetch, it says nothing about the endpoint.
    if (!call.signal.aborted) {
      if (failures[failure.failure].serveStale) endpoint.failed(failure);
      else endpoint.answered();
    }
    return failure;
  } finally {
    attempt.lift();
  }
}
