import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { isSecret } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import { asFetchFailure, FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../ports/transport.ts';
import { Deadline, raceAbort } from '../time/deadline.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Priority } from '../endpoint/priority.ts';

export interface AttemptParts {
  readonly clock: Clock;
  readonly attemptTimeout: number;
}

export interface AttemptCall {
  readonly request: SecretRequest;
  /** The budget that the attempt is part of. */
  readonly signal: CancelSignal;
  readonly priority: Priority;
}

/** One try at one endpoint, under way or over: it waits for its turn, asks, and tells the endpoint how it did. */
export class EndpointAttempt {
  readonly endpoint: Endpoint;
  /** Resolves to this attempt when it is over; never rejects. */
  readonly finished: Promise<this>;
  readonly #parts: AttemptParts;
  readonly #call: AttemptCall;
  readonly #deadline: Deadline;
  readonly #startedAt: number;
  readonly #isProbe: boolean;
  #sentAt: number | undefined;
  #isCancelled = false;
  #outcome: Secret | FetchFailure | undefined;
  #ms = 0;

  constructor(endpoint: Endpoint, parts: AttemptParts, call: AttemptCall) {
    const { clock, attemptTimeout: ms } = parts;
    this.endpoint = endpoint;
    this.#parts = parts;
    this.#call = call;
    this.#startedAt = clock.now();
    this.#isProbe = endpoint.breaker.isProbeDue;
    if (this.#isProbe) endpoint.startProbe();
    const reason = (): FetchFailure =>
      new FetchFailure('unreachable', `${endpoint.name} did not answer within ${ms} ms (attemptTimeout).`);
    this.#deadline = new Deadline({ clock, parent: call.signal, reason });
    this.finished = this.#execute().then((outcome) => {
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
  cancel(): void {
    this.#isCancelled = true;
    this.#deadline.cancel(new FetchFailure('unreachable', 'Another endpoint has answered first.'));
  }

  /**
   * As `callOff`, by the answer of an endpoint that was asked because this one was slow: not within `slowAfter` milliseconds.
   * A wait for its turn is no fault of the endpoint.
   */
  cancelAsSlow(slowAfter: number): void {
    this.cancel();
    const { clock } = this.#parts;
    if (clock.now() - (this.#sentAt ?? clock.now()) >= slowAfter) this.endpoint.lostHedge();
  }

  async #execute(): Promise<Secret | FetchFailure> {
    const deadline = this.#deadline;
    try {
      if (deadline.aborted) throw deadline.reason;
      const turn = this.endpoint.rateLimiter.acquire(this.#call.priority, deadline);
      if (turn !== undefined) await turn;
    } catch (error) {
      this.#deadline.clear();
      // It was never asked, so this says nothing about it.
      this.#abandonProbe();
      return asFetchFailure(error);
    }
    try {
      return await this.#send();
    } finally {
      this.#deadline.clear();
      this.endpoint.rateLimiter.release();
    }
  }

  async #send(): Promise<Secret | FetchFailure> {
    const { endpoint } = this;
    const { clock, attemptTimeout } = this.#parts;
    const askedAt = clock.now();
    this.#sentAt = askedAt;
    const deadline = this.#deadline;
    deadline.start(attemptTimeout);
    try {
      // Between its turn and now it may have been called off.
      if (deadline.aborted) throw deadline.reason;
      const secret: unknown = await raceAbort(endpoint.send(this.#call.request, deadline.signal), deadline);
      if (!isSecret(secret)) {
        throw new FetchFailure('malformed', `The transport of ${endpoint.name} returned no Secret.`);
      }
      endpoint.succeeded(clock.now() - askedAt);
      return secret;
    } catch (error) {
      const failure = asFetchFailure(error);
      // Cut off by the end of the whole fetch, or by another's answer, it says nothing about the endpoint.
      if (this.#call.signal.aborted || this.#isCancelled) this.#abandonProbe();
      else endpoint.failed(failure);
      return failure;
    }
  }

  #abandonProbe(): void {
    if (this.#isProbe) this.endpoint.breaker.abandonProbe();
  }
}
