// One round of a fetch: the endpoints of its turn are asked one after the other, the next one when the one before has failed,
// or beside it when it is slow. The first that brings the secret ends the round, and the others are called off.

import type { Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import { EndpointAttempt } from './attempt.ts';
import type { AttemptCall, AttemptParts } from './attempt.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { HedgeTimer } from '../endpoint/hedge.ts';
import type { Hedging } from '../endpoint/hedge.ts';

export type FetchOutcome =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'failed'; readonly failure: FetchFailure }
  | { readonly kind: 'aborted' };

export interface RaceParts extends AttemptParts {
  /** `undefined`: nobody is asked before the one before has failed. */
  readonly hedging: Hedging | undefined;
}

export interface RaceCall extends AttemptCall {
  /** Filled as the fetch goes on, so that a reader who leaves early can tell what had failed by then. */
  readonly attempts: Attempt[];
  /** What each endpoint said last. */
  readonly failed: Map<Endpoint, FetchFailure>;
  /** The endpoint whose word counts, even where others are asked before it. */
  readonly primary: Endpoint;
}

export class EndpointRace {
  readonly #parts: RaceParts;
  readonly #call: RaceCall;
  readonly #candidates: Endpoint[];
  readonly #running = new Set<EndpointAttempt>();
  readonly #hedges = new Set<EndpointAttempt>();
  #latest: EndpointAttempt | undefined;
  #hedgeTimer: HedgeTimer | undefined;
  #refusal: FetchOutcome | undefined;

  constructor(turn: readonly Endpoint[], parts: RaceParts, call: RaceCall) {
    this.#candidates = [...turn];
    this.#parts = parts;
    this.#call = call;
  }

  /** Resolves to `undefined` if nothing settled it. Never rejects. */
  async run(): Promise<FetchOutcome | undefined> {
    this.#startNext();
    try {
      while (this.#running.size > 0) {
        const ended = await this.#nextEvent();
        if (this.#call.signal.aborted) return { kind: 'aborted' };
        if (ended === 'slow') {
          this.#startHedge();
          continue;
        }
        this.#running.delete(ended);
        const { outcome } = ended;
        if (!(outcome instanceof FetchFailure)) return this.#settleWith(ended, outcome);
        this.#recordFailure(ended, outcome);
        if (isFinal(outcome.failure, ended.endpoint, this.#call.primary)) {
          const refusal: FetchOutcome = { kind: 'failed', failure: outcome };
          if (ended.endpoint === this.#call.primary) return refusal;
          // Those asked before it are slow, not silent: what one of them brings counts for more than its no.
          this.#refusal ??= refusal;
          this.#candidates.length = 0;
        }
        if (ended === this.#latest) this.#startNext();
      }
      return this.#refusal;
    } finally {
      this.#hedgeTimer?.clear();
      for (const attempt of this.#running) attempt.cancel();
    }
  }

  #nextEvent(): Promise<EndpointAttempt | 'slow'> {
    const [first, ...others] = this.#running;
    // With one endpoint there is nothing to choose from.
    if (first !== undefined && others.length === 0 && this.#hedgeTimer === undefined) return first.finished;
    const ends: Promise<EndpointAttempt | 'slow'>[] = [...this.#running].map(({ finished }) => finished);
    if (this.#hedgeTimer !== undefined) ends.push(this.#hedgeTimer.fired);
    return Promise.race(ends);
  }

  #startNext(): void {
    this.#hedgeTimer?.clear();
    this.#hedgeTimer = undefined;
    const endpoint = this.#candidates.shift();
    if (endpoint === undefined) return;
    this.#startAttempt(endpoint);
    // With all the others left alone too, nobody is better than another: then they are all asked at once.
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
    this.#hedgeTimer = undefined;
    // Who was next may be left alone by now. Beside one that is slow only one that is ready is asked; after one that is down, anyone.
    const ready = this.#candidates.findIndex(({ isReady }) => isReady);
    if (ready > 0) this.#candidates.unshift(...this.#candidates.splice(ready, 1));
    if (ready === -1 && slow?.endpoint.isBreakerOpen !== true) return;
    this.#startNext();
    if (this.#latest === undefined || this.#latest === slow || slow?.endpoint.isBreakerOpen === true) return;
    this.#latest.endpoint.countHedge();
    this.#hedges.add(this.#latest);
  }

  #settleWith(winner: EndpointAttempt, secret: Secret): FetchOutcome {
    const { hedging } = this.#parts;
    if (hedging !== undefined && this.#hedges.has(winner)) {
      winner.endpoint.countHedgeWin();
      for (const attempt of this.#running) attempt.cancelAsSlow(hedging.delayFor(attempt.endpoint.latency));
    }
    return { kind: 'secret', secret };
  }

  #recordFailure({ endpoint, ms }: EndpointAttempt, error: FetchFailure): void {
    const { failed, attempts } = this.#call;
    failed.set(endpoint, error);
    attempts.push({ endpoint: endpoint.name, failure: error.failure, ms, error });
  }
}

/** A secret may not be at a standby yet, and its key may be disabled there: that says nothing of the first endpoint. */
function isFinal(failure: FailureName, endpoint: Endpoint, home: Endpoint): boolean {
  if (failures[failure].failover) return false;
  const isRegional = failure === 'notFound' || failure === 'disabled';
  return endpoint === home || !isRegional;
}
