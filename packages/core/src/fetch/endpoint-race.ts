// One round of a fetch: the endpoints of its turn are asked one after the other, the next one when the one before has failed,
// or beside it when it is slow. The first that brings the secret ends the round, and the others are called off.

import type { Attempt } from '../secret/errors.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import { FetchFailure } from '../ports/transport.ts';
import { OngoingAttempt } from './attempt.ts';
import type { AttemptCall, AttemptParts } from './attempt.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { Patience } from '../endpoint/hedge.ts';
import type { Hedging } from '../endpoint/hedge.ts';

export type FetchOutcome =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'failed'; readonly failure: FetchFailure }
  | { readonly kind: 'aborted' };

export interface RoundParts extends AttemptParts {
  /** `undefined`: nobody is asked before the one before has failed. */
  readonly hedging: Hedging | undefined;
}

export interface RoundCall extends AttemptCall {
  /** Filled as the fetch goes on, so that a reader who leaves early can tell what had failed by then. */
  readonly attempts: Attempt[];
  /** What each endpoint said last. */
  readonly failed: Map<Endpoint, FetchFailure>;
  /** The endpoint whose word counts, even where others are asked before it. */
  readonly home: Endpoint;
}

export class Round {
  readonly #parts: RoundParts;
  readonly #call: RoundCall;
  readonly #waiting: Endpoint[];
  readonly #underWay = new Set<OngoingAttempt>();
  readonly #hedges = new Set<OngoingAttempt>();
  #latest: OngoingAttempt | undefined;
  #patience: Patience | undefined;
  #refusal: FetchOutcome | undefined;

  constructor(turn: readonly Endpoint[], parts: RoundParts, call: RoundCall) {
    this.#waiting = [...turn];
    this.#parts = parts;
    this.#call = call;
  }

  /** Resolves to `undefined` if nothing settled it. Never rejects. */
  async play(): Promise<FetchOutcome | undefined> {
    this.#askNext();
    try {
      while (this.#underWay.size > 0) {
        const ended = await this.#next();
        if (this.#call.signal.aborted) return { kind: 'aborted' };
        if (ended === 'slow') {
          this.#hedge();
          continue;
        }
        this.#underWay.delete(ended);
        const { outcome } = ended;
        if (!(outcome instanceof FetchFailure)) return this.#won(ended, outcome);
        this.#note(ended, outcome);
        if (settles(outcome.failure, ended.endpoint, this.#call.home)) {
          const refusal: FetchOutcome = { kind: 'failed', failure: outcome };
          if (ended.endpoint === this.#call.home) return refusal;
          // Those asked before it are slow, not silent: what one of them brings counts for more than its no.
          this.#refusal ??= refusal;
          this.#waiting.length = 0;
        }
        if (ended === this.#latest) this.#askNext();
      }
      return this.#refusal;
    } finally {
      this.#patience?.lift();
      for (const attempt of this.#underWay) attempt.callOff();
    }
  }

  #next(): Promise<OngoingAttempt | 'slow'> {
    const [first, ...others] = this.#underWay;
    // With one endpoint there is nothing to choose from.
    if (first !== undefined && others.length === 0 && this.#patience === undefined) return first.ended;
    const ends: Promise<OngoingAttempt | 'slow'>[] = [...this.#underWay].map(({ ended }) => ended);
    if (this.#patience !== undefined) ends.push(this.#patience.over);
    return Promise.race(ends);
  }

  #askNext(): void {
    this.#patience?.lift();
    this.#patience = undefined;
    const endpoint = this.#waiting.shift();
    if (endpoint === undefined) return;
    this.#ask(endpoint);
    // With all the others left alone too, nobody is better than another: then they are all asked at once.
    if (endpoint.isOpen) for (const other of this.#waiting.splice(0)) this.#ask(other);
    const { hedging } = this.#parts;
    if (hedging !== undefined && this.#waiting[0]?.isReady === true) {
      this.#patience = new Patience(endpoint, this.#call.urgency, hedging);
    }
  }

  #ask(endpoint: Endpoint): void {
    this.#latest = new OngoingAttempt(endpoint, this.#parts, this.#call);
    this.#underWay.add(this.#latest);
  }

  #hedge(): void {
    const slow = this.#latest;
    this.#patience = undefined;
    // Who was next may be left alone by now. Beside one that is slow only one that is ready is asked; after one that is down, anyone.
    const ready = this.#waiting.findIndex(({ isReady }) => isReady);
    if (ready > 0) this.#waiting.unshift(...this.#waiting.splice(ready, 1));
    if (ready === -1 && slow?.endpoint.isOpen !== true) return;
    this.#askNext();
    if (this.#latest === undefined || this.#latest === slow || slow?.endpoint.isOpen === true) return;
    this.#latest.endpoint.hedged();
    this.#hedges.add(this.#latest);
  }

  #won(winner: OngoingAttempt, secret: Secret): FetchOutcome {
    const { hedging } = this.#parts;
    if (hedging !== undefined && this.#hedges.has(winner)) {
      winner.endpoint.wonHedge();
      for (const attempt of this.#underWay) attempt.lose(hedging.delayFor(attempt.endpoint.latency));
    }
    return { kind: 'secret', secret };
  }

  #note({ endpoint, ms }: OngoingAttempt, error: FetchFailure): void {
    const { failed, attempts } = this.#call;
    failed.set(endpoint, error);
    attempts.push({ endpoint: endpoint.name, failure: error.failure, ms, error });
  }
}

/** A secret may not be at a standby yet, and its key may be disabled there: that says nothing of the first endpoint. */
function settles(failure: FailureName, endpoint: Endpoint, home: Endpoint): boolean {
  if (failures[failure].failover) return false;
  const isRegional = failure === 'notFound' || failure === 'disabled';
  return endpoint === home || !isRegional;
}
