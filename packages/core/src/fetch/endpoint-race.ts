import type { Endpoint } from '../endpoint/endpoint.ts';
import type { EndpointSet } from '../endpoint/endpoint-set.ts';
import { HedgeTimer } from '../endpoint/hedge.ts';
import type { Hedging } from '../endpoint/hedge.ts';
import type { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import { EndpointAttempt } from './attempt.ts';
import type { AttemptCall, AttemptParts } from './attempt.ts';
import type { RetryPolicy } from './retry-policy.ts';

/** The result of a race or of a whole fetch: a secret, the failure that decided, or neither because the signal aborted. */
export type FetchOutcome =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'failed'; readonly failure: FetchFailure }
  | { readonly kind: 'aborted' };

export interface RaceParts extends AttemptParts {
  /** `undefined` disables hedging. */
  readonly hedging: Hedging | undefined;
  readonly retry: Pick<RetryPolicy, 'policyOf'>;
  /** "Not found" and "disabled" are final from the primary. It need not be the first candidate. */
  readonly endpoints: Pick<EndpointSet, 'primary'>;
}

export interface RaceCall extends AttemptCall {
  /** The last failure of each endpoint. */
  readonly failed: Map<Endpoint, FetchFailure>;
  /** The endpoint that returned the secret. Set by the race. */
  endpoint?: Endpoint | undefined;
}

/** The outcome of a fetch after an attempt that has finished. `undefined` if another attempt may help. */
export function outcomeOf(attempt: EndpointAttempt, parts: RaceParts, call: RaceCall): FetchOutcome | undefined {
  const { endpoint, outcome, ms } = attempt;
  if (call.signal.aborted) return { kind: 'aborted' };
  if (!(outcome instanceof FetchFailure)) {
    call.endpoint = endpoint;
    return { kind: 'secret', secret: outcome };
  }
  call.failed.set(endpoint, outcome);
  call.attempts.push({ endpoint: endpoint.name, failure: outcome.failure, ms, error: outcome });
  return isFinal(outcome, endpoint, parts) ? { kind: 'failed', failure: outcome } : undefined;
}

/**
 * One race of a fetch between its candidate endpoints. The next candidate starts when the latest one fails, or in parallel if it
 * is slow (a hedge). The first secret wins, and the other attempts are cancelled.
 */
export class EndpointRace {
  readonly #parts: RaceParts;
  readonly #call: RaceCall;
  /** The candidates that have no attempt yet. */
  readonly #candidates: Endpoint[];
  readonly #running = new Set<EndpointAttempt>();
  readonly #hedges = new Set<EndpointAttempt>();
  #latest: EndpointAttempt | undefined;
  #hedgeTimer: HedgeTimer | undefined;
  #finalFailure: FetchOutcome | undefined;

  constructor(candidates: readonly Endpoint[], parts: RaceParts, call: RaceCall) {
    this.#candidates = [...candidates];
    this.#parts = parts;
    this.#call = call;
  }

  /** Resolves to `undefined` if every attempt failed and a retry may help. Never rejects. */
  async run(): Promise<FetchOutcome | undefined> {
    this.#startNext();
    try {
      while (this.#running.size > 0) {
        const event = await this.#nextEvent();
        if (this.#call.signal.aborted) return { kind: 'aborted' };
        if (event === 'slow') {
          this.#startHedge();
          continue;
        }
        this.#running.delete(event);
        const outcome = outcomeOf(event, this.#parts, this.#call);
        if (outcome?.kind === 'secret') this.#countHedge(event);
        if (outcome?.kind === 'failed' && event.endpoint !== this.#parts.endpoints.primary) {
          // Other attempts may still run. A secret from one of them wins over this failure.
          this.#finalFailure ??= outcome;
          this.#candidates.length = 0;
        } else if (outcome !== undefined) return outcome;
        if (event === this.#latest) this.#startNext();
      }
      return this.#finalFailure;
    } finally {
      this.#hedgeTimer?.clear();
      for (const attempt of this.#running) attempt.cancel();
    }
  }

  #nextEvent(): Promise<EndpointAttempt | 'slow'> {
    const [first, ...others] = this.#running;
    // The common case. Saves a `Promise.race`.
    if (first !== undefined && others.length === 0 && this.#hedgeTimer === undefined) return first.finished;
    const events: Promise<EndpointAttempt | 'slow'>[] = [...this.#running].map(({ finished }) => finished);
    if (this.#hedgeTimer !== undefined) events.push(this.#hedgeTimer.fired);
    return Promise.race(events);
  }

  #startNext(): void {
    this.#hedgeTimer?.clear();
    this.#hedgeTimer = undefined;
    const endpoint = this.#candidates.shift();
    if (endpoint === undefined) return;
    this.#startAttempt(endpoint);
    // Candidates with an open breaker are the last ones. None is better than another, so they start in parallel.
    if (endpoint.isBreakerOpen) for (const other of this.#candidates.splice(0)) this.#startAttempt(other);
    const { hedging } = this.#parts;
    if (hedging !== undefined && this.#candidates[0]?.isReady === true) {
      this.#hedgeTimer = new HedgeTimer(endpoint, this.#call.priority, hedging);
    }
  }

  #startAttempt(endpoint: Endpoint): void {
    this.#latest = new EndpointAttempt(endpoint, this.#parts, this.#call);
    this.#running.add(this.#latest);
  }

  #startHedge(): void {
    const slow = this.#latest;
    const isDown = slow?.endpoint.isBreakerOpen === true;
    this.#hedgeTimer = undefined;
    // The next candidate may have failed in another fetch since the timer started. A hedge needs a ready endpoint; if the slow
    // endpoint is down, any candidate will do.
    const ready = this.#candidates.findIndex(({ isReady }) => isReady);
    if (ready > 0) this.#candidates.unshift(...this.#candidates.splice(ready, 1));
    if (ready === -1 && !isDown) return;
    this.#startNext();
    if (this.#latest === undefined || this.#latest === slow || isDown) return;
    this.#latest.endpoint.countHedge();
    this.#hedges.add(this.#latest);
  }

  #countHedge(winner: EndpointAttempt): void {
    const { hedging } = this.#parts;
    if (hedging === undefined || !this.#hedges.has(winner)) return;
    winner.endpoint.countHedgeWin();
    for (const attempt of this.#running) attempt.cancelAsSlow(hedging.delayFor(attempt.endpoint.latency));
  }
}

/**
 * Whether the failure ends the fetch. A secret may not be replicated to a fallback region yet, or its key may be disabled there:
 * these failures are final only from the primary.
 */
function isFinal(error: FetchFailure, endpoint: Endpoint, { retry, endpoints }: RaceParts): boolean {
  if (retry.policyOf(error).failover) return false;
  const isRegional = error.failure === 'notFound' || error.failure === 'disabled';
  return endpoint === endpoints.primary || !isRegional;
}
