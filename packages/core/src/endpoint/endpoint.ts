import type { Clock } from '../time/clock.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import type { Secret } from '../secret/secret.ts';
import type { EndpointStatus } from '../secret/status.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { BatchingTransport, BatchMember } from './batching-transport.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { raceAbort } from '../time/deadline.ts';
import type { Deadline } from '../time/deadline.ts';
import type { KnownSecrets } from './known-secrets.ts';
import type { Standing } from './lanes.ts';
import type { Priority } from './priority.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { AcquireCall } from './rate-limiter.ts';
import type { Permit } from './slots.ts';
import { RequestRate } from './request-rate.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { BreakerSettings, BreakerState } from './circuit-breaker.ts';
import { Latency } from './latency.ts';
import { Cooldown } from './cooldown.ts';

/** The maximum number of names in `timedOut`: users of an app may make them up. */
const maxTimedOut = 1_000;

export interface EndpointParts {
  readonly transport: BatchingTransport;
  readonly clock: Clock;
  readonly breaker: BreakerSettings;
  readonly maxInFlight: number;
  readonly maxPerSecond: number;
  /** Whether the request rate starts low, at the first request. */
  readonly startsLow: () => boolean;
  /** Shared by the endpoints of a client. */
  readonly known: KnownSecrets;
  /** A probe that takes longer than this (ms) opens the breaker again. */
  readonly slowProbeThreshold: number;
  /** Called when the endpoint starts to fail or recovers, and when its breaker opens or closes. */
  readonly onChange: (change: 'state' | 'breaker', status: EndpointStatus) => void;
  /** Called when the endpoint rejects the identity of the client; with `undefined`, when it accepts the identity again. */
  readonly onIdentity: (endpoint: Endpoint, rejection: FetchFailure | undefined) => void;
}

/**
 * One KMS endpoint: its transport, health and limits.
 *
 * An endpoint that responds with "not found" or "denied" is healthy. One that rejects the identity of the client is failing, but
 * not down: its circuit breaker stays closed.
 */
export class Endpoint {
  readonly name: string;
  /** Endpoints with the same name of the identity share it. */
  readonly identity: string;
  readonly breaker: CircuitBreaker;
  readonly rateLimiter: RateLimiter;
  readonly latency: Latency = new Latency();
  readonly cooldown: Cooldown;
  readonly #transport: BatchingTransport;
  readonly #clock: Clock;
  readonly #slowProbeThreshold: number;
  readonly #known: KnownSecrets;
  /** The names of the secrets whose last attempt got no response, the oldest first. */
  readonly #timedOut = new Set<string>();
  readonly #onChange: EndpointParts['onChange'];
  readonly #onIdentity: EndpointParts['onIdentity'];
  readonly #breakerOpenTasks = new Set<() => void>();
  #state: EndpointStatus['state'] = 'unknown';
  readonly #rate: RequestRate;
  readonly #failuresByKind = new Map<FailureName, number>();
  #attempts = 0;
  #failures = 0;
  #inFlight = 0;
  #hedges = 0;
  #hedgesWon = 0;
  #probes = 0;
  #succeededAt: number | undefined;
  #failingSince: number | undefined;
  #breakerOpenedAt: number | undefined;
  #lastFailure: { readonly error: FetchFailure; readonly at: number } | undefined;

  constructor(parts: EndpointParts) {
    const { transport, clock, breaker, maxInFlight, maxPerSecond } = parts;
    this.name = transport.endpoint;
    this.identity = transport.identity ?? transport.endpoint;
    this.#transport = transport;
    this.#clock = clock;
    this.#slowProbeThreshold = parts.slowProbeThreshold;
    this.#known = parts.known;
    this.#onChange = parts.onChange;
    this.#onIdentity = parts.onIdentity;
    this.breaker = new CircuitBreaker({ clock, settings: breaker, onChange: (state) => this.#onBreakerChange(state) });
    this.rateLimiter = new RateLimiter({
      clock,
      maxInFlight,
      maxPerSecond,
      startsLow: parts.startsLow,
      batchSize: () => transport.batchSize?.() ?? 1,
    });
    this.cooldown = new Cooldown(clock);
    this.#rate = new RequestRate(clock);
  }

  get isBreakerOpen(): boolean {
    return this.breaker.state.kind !== 'closed';
  }

  get isReady(): boolean {
    return !this.isBreakerOpen && this.cooldown.remaining === 0;
  }

  /** Milliseconds since the breaker opened, over all its probes; `undefined` while it is closed. */
  get breakerOpenFor(): number | undefined {
    return this.#breakerOpenedAt === undefined ? undefined : this.#clock.now() - this.#breakerOpenedAt;
  }

  /** Requests per second over the last minute. */
  get requestsPerSecond(): number {
    return this.#rate.perSecond;
  }

  /** Failed attempts by kind, refusals included. */
  get failuresByKind(): ReadonlyMap<FailureName, number> {
    return this.#failuresByKind;
  }

  get lastFailure(): FetchFailure | undefined {
    return this.#lastFailure?.error;
  }

  /** Waits for the rate limiter. See `RateLimiter.acquire`. */
  acquire({ name, priority, signal, isAlone }: Required<Omit<AcquireCall, 'standing'>>): Permit | Promise<Permit> {
    return this.rateLimiter.acquire({ name, priority, signal, standing: this.#standingOf(name), isAlone });
  }

  /** The limit of the client that delays a queued request. */
  limitFor(name: string, priority: Priority): string {
    return this.rateLimiter.limitFor({ priority, standing: this.#standingOf(name) });
  }

  /** Records the result of an attempt for the standing of the secret. */
  recordStanding(name: string, outcome: Secret | FetchFailure, isTimeout: boolean): void {
    if (this.#timedOut.size > 0) this.#timedOut.delete(name);
    if (isTimeout) {
      this.#timedOut.add(name);
      const [oldest] = this.#timedOut;
      if (this.#timedOut.size > maxTimedOut && oldest !== undefined) this.#timedOut.delete(oldest);
    } else if (!(outcome instanceof FetchFailure)) this.#known.fetched(name);
    else if (!failures[outcome.failure].serveStale) this.#known.refused(name);
  }

  /**
   * Sends a request and counts it. Settles like the transport, or rejects as soon as `deadline` aborts. The caller reports the end to
   * `callEnded`, and the result to `succeeded` or `failed`.
   */
  callTransport(request: SecretRequest, deadline: Deadline, member: BatchMember): Promise<unknown> {
    const transport = this.#transport;
    this.#attempts += 1;
    this.#rate.add();
    if (transport.acceptsCancelSignal === true) {
      const fetching = transport.fetch(request, deadline, member);
      this.#inFlight += 1;
      return fetching;
    }
    // A custom transport may throw synchronously, return a secret without a promise, or ignore the signal. It gets nothing but what the
    // port names.
    const { signal } = deadline;
    const isBatching = transport.batchSize !== undefined;
    const fetched = Promise.resolve(
      isBatching ? transport.fetch(request, signal, member) : transport.fetch(request, signal),
    );
    this.#inFlight += 1;
    return raceAbort(fetched, deadline, () => {
      this.#inFlight -= 1;
    });
  }

  /** A call of `callTransport` has settled. The request of a custom transport that ignores the signal may still be in flight. */
  callEnded(): void {
    if (this.#transport.acceptsCancelSignal === true) this.#inFlight -= 1;
  }

  /** Records that the endpoint returned a secret after `ms` milliseconds. */
  succeeded(ms: number): void {
    this.#succeededAt = this.#clock.cachedNow();
    this.latency.add(ms);
    this.rateLimiter.responded();
    this.cooldown.clear();
    this.#onIdentity(this, undefined);
    this.#setState('healthy');
    if (this.breaker.state.kind === 'half-open' && ms > this.#slowProbeThreshold) this.breaker.tooSlow();
    else this.breaker.succeeded();
  }

  /** Records that a request to the endpoint failed, which was sent at `sentAt` (the clock's `now`). */
  failed(error: FetchFailure, sentAt: number): void {
    const { failure } = error;
    this.#failuresByKind.set(failure, (this.#failuresByKind.get(failure) ?? 0) + 1);
    if (failure === 'throttled') this.rateLimiter.throttled(sentAt);
    else this.rateLimiter.responded();
    if (failures[failure].serveStale) {
      this.#failures += 1;
      this.#lastFailure = { error, at: this.#clock.now() };
      if (failure === 'identity') this.#onIdentity(this, error);
      this.#setState('failing');
    } else {
      // KMS verifies the signature before it refuses a secret.
      this.#onIdentity(this, undefined);
      this.#setState('healthy');
    }
    this.cooldown.start(error);
    if (isDown(failure)) this.breaker.failed();
    else this.breaker.succeeded();
  }

  /** Records that another endpoint accepts the identity that this one has rejected. */
  identityAccepted(): void {
    if (this.#state === 'failing' && this.lastFailure?.failure === 'identity') this.#setState('healthy');
  }

  /** Records that a hedge to another endpoint was faster. */
  lostHedge(): void {
    this.breaker.tooSlow();
  }

  countHedge(): void {
    this.#hedges += 1;
  }

  countHedgeWin(): void {
    this.#hedgesWon += 1;
  }

  startProbe(): void {
    this.#probes += 1;
    this.breaker.startProbe();
  }

  /** Runs `task` when its breaker opens; returns a function that removes it. */
  onBreakerOpen(task: () => void): () => void {
    this.#breakerOpenTasks.add(task);
    return () => {
      this.#breakerOpenTasks.delete(task);
    };
  }

  status(): EndpointStatus {
    const last = this.#lastFailure;
    const { state } = this.breaker;
    return {
      endpoint: this.name,
      state: this.#state,
      attempts: this.#attempts,
      failures: this.#failures,
      failuresByKind: Object.fromEntries(this.#failuresByKind),
      inFlight: this.#inFlight,
      queued: this.rateLimiter.queued,
      breaker: state.kind,
      probeIn: state.kind === 'open' ? Math.max(state.probeAt - this.#clock.now(), 0) : undefined,
      probes: this.#probes,
      cooldownFor: this.cooldown.remaining === 0 ? undefined : this.cooldown.remaining,
      hedges: this.#hedges,
      hedgesWon: this.#hedgesWon,
      p95: this.latency.p95,
      sinceSuccess: this.#succeededAt === undefined ? undefined : this.#clock.now() - this.#succeededAt,
      failingFor: this.#failingSince === undefined ? undefined : this.#clock.now() - this.#failingSince,
      lastFailure: last && {
        failure: last.error.failure,
        message: last.error.message,
        ago: this.#clock.now() - last.at,
      },
    };
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #standingOf(name: string): Standing {
    if (this.#timedOut.has(name)) return 'slow';
    return this.#known.has(name) ? 'known' : 'new';
  }

  #setState(state: EndpointStatus['state']): void {
    if (this.#state === state) return;
    // A success of the first attempt is no change: no event.
    const isChange = !(this.#state === 'unknown' && state === 'healthy');
    this.#state = state;
    this.#failingSince = state === 'failing' ? this.#clock.now() : undefined;
    if (isChange) this.#onChange('state', this.status());
  }

  /** Reports the first opening and the closing; failed probes in between are not reported. */
  #onBreakerChange({ kind }: BreakerState): void {
    if (kind === 'half-open') return;
    const isOpen = kind === 'open';
    if (isOpen === (this.#breakerOpenedAt !== undefined)) return;
    this.#breakerOpenedAt = isOpen ? this.#clock.now() : undefined;
    this.#onChange('breaker', this.status());
    if (isOpen) for (const task of this.#breakerOpenTasks) task();
  }
}

/**
 * Only failures that a retry may overcome count for the breaker. An endpoint that throttles or rejects the identity responds: the
 * former gets a cooldown instead.
 */
function isDown(failure: FailureName): boolean {
  return failures[failure].retry && failure !== 'throttled' && failure !== 'identity';
}
