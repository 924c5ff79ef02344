import type { CancelSignal } from '../time/abort.ts';
import type { Clock } from '../time/clock.ts';
import { isSecret } from '../secret/secret.ts';
import type { Secret } from '../secret/secret.ts';
import { asFetchFailure, FetchFailure } from '../ports/transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { Deadline } from '../time/deadline.ts';
import type { BatchMember } from '../endpoint/batching-transport.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Priority } from '../endpoint/priority.ts';
import type { Permit } from '../endpoint/slots.ts';
import type { Attempt } from '../secret/errors.ts';

export interface AttemptParts {
  readonly clock: Clock;
  /** Milliseconds from the request to the response; the wait for the rate limiter does not count. */
  readonly attemptTimeout: number;
}

export interface AttemptCall {
  readonly request: SecretRequest;
  /** Aborts at the deadline of the fetch. */
  readonly signal: CancelSignal;
  readonly priority: Priority;
  /**
   * The race appends to it: a reader whose deadline passes reports the attempts until then. A queued request has an entry too.
   */
  readonly attempts: Attempt[];
  /** Called when the request is sent, after the wait for the rate limiter. */
  onSent?(): void;
  /** Called if the request has to wait for the rate limiter. */
  onWait?(): void;
}

/** Milliseconds for a response that arrived while the process was suspended. Not more, because the connection may be dead. */
const responseGrace = 100;

/** One attempt at one endpoint: waits for the rate limiter, sends the request, and records the result at the endpoint. */
export class EndpointAttempt implements BatchMember {
  readonly endpoint: Endpoint;
  /** Resolves to this attempt, with its `outcome`. Never rejects. */
  readonly finished: Promise<this>;
  readonly #parts: AttemptParts;
  readonly #call: AttemptCall;
  readonly #deadline: Deadline;
  readonly #isProbe: boolean;
  #permit: Permit | undefined;
  #wait: Attempt | undefined;
  #sentAt: number | undefined;
  #isCancelled = false;
  #outcome: Secret | FetchFailure | undefined;
  #ms = 0;

  constructor(endpoint: Endpoint, parts: AttemptParts, call: AttemptCall) {
    const { clock, attemptTimeout: ms } = parts;
    this.endpoint = endpoint;
    this.#parts = parts;
    this.#call = call;
    this.#isProbe = endpoint.breaker.isProbeDue;
    if (this.#isProbe) endpoint.startProbe();
    const reason = (): FetchFailure =>
      new FetchFailure('unreachable', `${endpoint.name} did not respond within ${ms} ms (attemptTimeout).`);
    this.#deadline = new Deadline({ clock, parent: call.signal, reason, afterSuspension: responseGrace });
    this.finished = this.#run();
  }

  /** Valid after `finished`. */
  get outcome(): Secret | FetchFailure {
    return this.#outcome ?? new FetchFailure('unreachable', `${this.endpoint.name} has not responded yet.`);
  }

  /** Duration of a failed attempt in milliseconds, with the wait for the rate limiter. */
  get ms(): number {
    return this.#ms;
  }

  /** Cancels the request because another endpoint was faster. It does not count as a failure of this one. */
  cancel(): void {
    this.#isCancelled = true;
    this.#deadline.cancel(new FetchFailure('unreachable', 'Cancelled: another endpoint responded first.'));
  }

  /**
   * Cancels the request because its hedge was faster. The endpoint lost the hedge if the request was sent at least `slowAfter`
   * milliseconds ago; the wait for the rate limiter does not count.
   */
  cancelAsSlow(slowAfter: number): void {
    this.cancel();
    const now = this.#parts.clock.now();
    if (now - (this.#sentAt ?? now) - this.#deadline.lost >= slowAfter) this.endpoint.lostHedge();
  }

  /** `attemptTimeout` starts again with the request of its own: the wait for the rate limiter does not count. */
  async leaveBatch(): Promise<void> {
    const deadline = this.#deadline;
    deadline.throwIfAborted();
    deadline.stop();
    this.#sentAt = undefined;
    this.#permit?.release();
    this.#permit = undefined;
    const permit = await this.#acquire(true);
    // The attempt may have ended after the rate limiter granted it.
    if (deadline.aborted) permit.release();
    deadline.throwIfAborted();
    this.#permit = permit;
    this.#startTime(this.#parts.clock.now());
  }

  async #run(): Promise<this> {
    const { endpoint } = this;
    const { clock } = this.#parts;
    const { request } = this.#call;
    const deadline = this.#deadline;
    const startedAt = clock.now();
    try {
      deadline.throwIfAborted();
      const granted = this.#acquire(false);
      if ('release' in granted) {
        this.#permit = granted;
        this.#startTime(startedAt);
      } else {
        this.#permit = await granted;
        this.#startTime(clock.now());
      }
      // The attempt may have been cancelled after the rate limiter granted it.
      deadline.throwIfAborted();
      this.#call.onSent?.();
      const calling = endpoint.callTransport(request, deadline, this);
      let secret: unknown;
      try {
        secret = await calling;
      } finally {
        endpoint.callEnded();
      }
      if (!isSecret(secret)) {
        throw new FetchFailure('malformed', `The transport of ${endpoint.name} did not return a Secret.`);
      }
      endpoint.succeeded(clock.now() - (this.#sentAt ?? startedAt) - deadline.lost);
      endpoint.recordStanding(request.name, secret, false);
      this.#outcome = secret;
    } catch (error) {
      this.#outcome = asFetchFailure(error);
      this.#ms = clock.now() - startedAt;
      this.#recordFailure(this.#outcome);
    }
    deadline.clear();
    this.#permit?.release();
    this.#removeWait();
    return this;
  }

  /** Waits for the rate limiter. Returns the permit itself if there is no wait, which saves a promise. */
  #acquire(isAlone: boolean): Permit | Promise<Permit> {
    const { request, priority } = this.#call;
    const { name } = request;
    const granted = this.endpoint.acquire({ name, priority, signal: this.#deadline, isAlone });
    if (!('release' in granted)) {
      this.#addWait();
      this.#call.onWait?.();
    }
    return granted;
  }

  #startTime(now: number): void {
    this.#sentAt = now;
    this.#deadline.start(this.#parts.attemptTimeout);
  }

  /** Without a request, the probe has no result. An attempt that was cancelled is not a failure of the endpoint. */
  #recordFailure(failure: FetchFailure): void {
    const { endpoint } = this;
    if (this.#sentAt === undefined || this.#isCancelled || this.#call.signal.aborted) {
      if (this.#isProbe) endpoint.breaker.abandonProbe();
      return;
    }
    endpoint.failed(failure, this.#sentAt);
    endpoint.recordStanding(this.#call.request.name, failure, this.#deadline.aborted);
  }

  /**
   * Until the attempt ends, `attempts` says that it had to wait: a reader whose deadline passes learns which limit is the reason.
   */
  #addWait(): void {
    if (this.#wait !== undefined) return;
    const { endpoint } = this;
    const { request, priority, attempts } = this.#call;
    const { queued } = endpoint.rateLimiter;
    const limit = endpoint.limitFor(request.name, priority);
    const message = `${endpoint.name}: the request waited in a queue of ${queued} for the limit of this client: ${limit}.`;
    const error = new FetchFailure('throttled', message);
    this.#wait = { endpoint: endpoint.name, failure: error.failure, ms: 0, error, isSkipped: true };
    attempts.push(this.#wait);
  }

  #removeWait(): void {
    const { attempts, signal } = this.#call;
    if (this.#wait !== undefined && !signal.aborted) attempts.splice(attempts.indexOf(this.#wait), 1);
  }
}
