import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { isSecret } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import { asFetchFailure, FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { Deadline, raceAbort } from '../time/deadline.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Urgency } from '../endpoint/priority.ts';

export interface AttemptParts {
  readonly clock: Clock;
  readonly attemptTimeout: number;
}

export interface AttemptCall {
  readonly request: SecretRequest;
  /** The budget that the attempt is part of. */
  readonly signal: CancelSignal;
  readonly urgency: Urgency;
}

/** One try at one endpoint, under way or over: it waits for its turn, asks, and tells the endpoint how it did. */
export class OngoingAttempt {
  readonly endpoint: Endpoint;
  /** Resolves to this attempt when it is over; never rejects. */
  readonly ended: Promise<this>;
  readonly #parts: AttemptParts;
  readonly #call: AttemptCall;
  readonly #deadline: Deadline;
  readonly #startedAt: number;
  readonly #isProbe: boolean;
  #askedAt: number | undefined;
  #isCalledOff = false;
  #outcome: Secret | FetchFailure | undefined;
  #ms = 0;

  constructor(endpoint: Endpoint, parts: AttemptParts, call: AttemptCall) {
    const { clock, attemptTimeout: ms } = parts;
    this.endpoint = endpoint;
    this.#parts = parts;
    this.#call = call;
    this.#startedAt = clock.now();
    this.#isProbe = endpoint.breaker.isProbeDue;
    if (this.#isProbe) endpoint.beginProbe();
    const reason = (): FetchFailure =>
      new FetchFailure('unreachable', `${endpoint.name} did not answer within ${ms} ms (attemptTimeout).`);
    this.#deadline = new Deadline({ clock, parent: call.signal, reason });
    this.ended = this.#run().then((outcome) => {
      this.#outcome = outcome;
      this.#ms = clock.now() - this.#startedAt;
      return this;
    });
  }

  /** What came of it; only after `ended`. */
  get outcome(): Secret | FetchFailure {
    return this.#outcome ?? new FetchFailure('unreachable', `${this.endpoint.name} has not answered yet.`);
  }

  /** Milliseconds it took, the wait for its turn included. */
  get ms(): number {
    return this.#ms;
  }

  /** Somebody else has answered: the request is cancelled, and nothing is held against the endpoint. */
  callOff(): void {
    this.#isCalledOff = true;
    this.#deadline.cancel(new FetchFailure('unreachable', 'Another endpoint has answered first.'));
  }

  /**
   * As `callOff`, by the answer of an endpoint that was asked because this one was slow: not within `slowAfter` milliseconds.
   * A wait for its turn is no fault of the endpoint.
   */
  lose(slowAfter: number): void {
    this.callOff();
    const { clock } = this.#parts;
    if (clock.now() - (this.#askedAt ?? clock.now()) >= slowAfter) this.endpoint.overtaken();
  }

  async #run(): Promise<Secret | FetchFailure> {
    const deadline = this.#deadline;
    try {
      if (deadline.aborted) throw deadline.reason;
      const turn = this.endpoint.admission.enter(this.#call.urgency, deadline);
      if (turn !== undefined) await turn;
    } catch (error) {
      this.#deadline.clear();
      // It was never asked, so this says nothing about it.
      this.#tellNothing();
      return asFetchFailure(error);
    }
    try {
      return await this.#ask();
    } finally {
      this.#deadline.clear();
      this.endpoint.admission.leave();
    }
  }

  async #ask(): Promise<Secret | FetchFailure> {
    const { endpoint } = this;
    const { clock, attemptTimeout } = this.#parts;
    const askedAt = clock.now();
    this.#askedAt = askedAt;
    const deadline = this.#deadline;
    deadline.start(attemptTimeout);
    try {
      // Between its turn and now it may have been called off.
      if (deadline.aborted) throw deadline.reason;
      const secret: unknown = await raceAbort(endpoint.fetch(this.#call.request, deadline.signal), deadline);
      if (!isSecret(secret)) {
        throw new FetchFailure('malformed', `The transport of ${endpoint.name} returned no Secret.`);
      }
      endpoint.answered(clock.now() - askedAt);
      return secret;
    } catch (error) {
      const failure = asFetchFailure(error);
      // Cut off by the end of the whole fetch, or by another's answer, it says nothing about the endpoint.
      if (this.#call.signal.aborted || this.#isCalledOff) this.#tellNothing();
      else endpoint.failed(failure);
      return failure;
    }
  }

  #tellNothing(): void {
    if (this.#isProbe) this.endpoint.breaker.abandonProbe();
  }
}
