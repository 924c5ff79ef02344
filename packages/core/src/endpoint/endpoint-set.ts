import { safeMessage } from '../secret/errors.ts';
import type { SecretEmitter } from '../secret/events.ts';
import type { GuardedLogger } from '../ports/logger.ts';
import { describeDuration } from '../time/duration.ts';
import type { ResolvedOptions } from '../options/options.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import type { ClientStats, EndpointStatus, IdentityStatus } from '../secret/status.ts';
import type { BatchingTransport } from './batching-transport.ts';
import { closeAll } from './close-all.ts';
import type { BreakerSettings } from './circuit-breaker.ts';
import { Endpoint } from './endpoint.ts';
import { Hedging } from './hedge.ts';
import { IdentityMonitor } from './identity-monitor.ts';
import { KnownSecrets } from './known-secrets.ts';

export interface EndpointSetParts {
  /** In the order of the option `endpoints`. */
  readonly transports: readonly [BatchingTransport, ...BatchingTransport[]];
  readonly options: ResolvedOptions;
  readonly logger: GuardedLogger;
  readonly events: SecretEmitter;
  /** Whether a preload is running, of a process that may be one of many that start together. */
  readonly isPreloading: () => boolean;
  /** Called when a failing endpoint responds again. */
  readonly onRecovered: () => void;
}

const noFailures = Object.fromEntries(Object.keys(failures).map((name) => [name, 0])) as Record<FailureName, number>; // every key

/** The endpoints of a client. Creates them, and logs and emits the changes of their state. */
export class EndpointSet {
  /** The first endpoint. "Not found" and "disabled" are final from this one, not from a fallback. */
  readonly primary: Endpoint;
  /** `undefined` if hedging is disabled, or if there is only one endpoint. */
  readonly hedging: Hedging | undefined;
  /** In the order of the option `endpoints`. */
  readonly all: readonly Endpoint[];
  readonly #logger: GuardedLogger;
  readonly #events: SecretEmitter;
  readonly #onRecovered: () => void;
  readonly #identity: IdentityMonitor;
  readonly #known: KnownSecrets;
  readonly #isPreloading: () => boolean;

  constructor({ transports, options, logger, events, isPreloading, onRecovered }: EndpointSetParts) {
    this.#isPreloading = isPreloading;
    const [first, ...fallbacks] = transports;
    this.#logger = logger;
    this.#events = events;
    this.#onRecovered = onRecovered;
    this.#identity = new IdentityMonitor({ clock: options.clock, logger, events });
    this.#known = new KnownSecrets([...options.preload, ...options.secrets.keys()], options.limits.maxEntries);
    this.hedging = fallbacks.length > 0 ? createHedging(options) : undefined;
    this.primary = this.#createEndpoint(first, options);
    this.all = [this.primary, ...fallbacks.map((transport) => this.#createEndpoint(transport, options))];
  }

  /** Totals of all endpoints, for `stats()`. */
  get counts(): Pick<ClientStats, 'requests' | 'requestsPerSecond' | 'failures' | 'hedges' | 'hedgesWon' | 'probes'> {
    const total = {
      requests: 0,
      requestsPerSecond: 0,
      failures: { ...noFailures },
      hedges: 0,
      hedgesWon: 0,
      probes: 0,
    };
    for (const endpoint of this.all) {
      const { attempts, hedges, hedgesWon, probes } = endpoint.status();
      total.requests += attempts;
      total.requestsPerSecond += endpoint.requestsPerSecond;
      for (const [failure, count] of endpoint.failuresByKind) total.failures[failure] += count;
      total.hedges += hedges;
      total.hedgesWon += hedgesWon;
      total.probes += probes;
    }
    return total;
  }

  get identity(): IdentityStatus {
    return this.#identity.status;
  }

  describe(): readonly EndpointStatus[] {
    return this.all.map((endpoint) => endpoint.status());
  }

  async close(): Promise<void> {
    await closeAll(this.all, (reason) => {
      this.#logger.error(`An endpoint could not be closed: ${safeMessage(reason)}`);
    });
  }

  #createEndpoint(transport: BatchingTransport, options: ResolvedOptions): Endpoint {
    return new Endpoint({
      transport,
      clock: options.clock,
      maxInFlight: options.limits.concurrentRequests,
      maxPerSecond: options.limits.requestsPerSecond,
      known: this.#known,
      startsLow: this.#isPreloading,
      breaker: breakerSettings(options),
      slowProbeThreshold: this.hedging?.slowProbeThreshold ?? Number.POSITIVE_INFINITY,
      onChange: (change, status) => (change === 'state' ? this.#reportState(status) : this.#reportBreaker(status)),
      onIdentity: (endpoint, rejection) => {
        if (rejection === undefined) this.#onIdentityAccepted(endpoint);
        else this.#identity.rejected(endpoint, rejection);
      },
    });
  }

  /** Without failures of the primary, no request would show that the fallbacks accept the identity too. */
  #onIdentityAccepted(endpoint: Endpoint): void {
    if (!this.#identity.accepted(endpoint)) return;
    for (const other of this.all) if (other.identity === endpoint.identity) other.identityAccepted();
  }

  #reportState({ endpoint, state, lastFailure }: EndpointStatus): void {
    if (state === 'unknown') return;
    if (state === 'healthy') {
      this.#logger.info(`Endpoint ${endpoint} has recovered.`, { endpoint });
      this.#events.emit('endpoint', { endpoint, state, failure: undefined });
      this.#onRecovered();
    } else {
      // A rejected identity is logged once for all endpoints.
      if (lastFailure?.failure !== 'identity') {
        this.#logger.warn(`Endpoint ${endpoint} is failing: ${lastFailure?.message ?? ''}`, {
          endpoint,
          failure: lastFailure?.failure,
        });
      }
      this.#events.emit('endpoint', { endpoint, state, failure: lastFailure?.failure });
    }
  }

  #reportBreaker({ endpoint, breaker, probeIn, state, lastFailure }: EndpointStatus): void {
    if (breaker === 'half-open') return;
    const isOpen = breaker === 'open';
    if (isOpen) {
      const next = describeDuration(probeIn ?? 0);
      this.#logger.warn(`Endpoint ${endpoint}: circuit breaker open, next probe in ${next}.`, { endpoint, probeIn });
    } else {
      this.#logger.info(`Endpoint ${endpoint}: circuit breaker closed.`, { endpoint });
    }
    // A breaker that opened because of slow responses has no failure; the last one may be old.
    const failure = isOpen && state === 'failing' ? lastFailure?.failure : undefined;
    this.#events.emit('breaker', { endpoint, state: breaker, probeIn, failure });
  }
}

function createHedging({ clock, hedge, breaker, attemptTimeout }: ResolvedOptions): Hedging | undefined {
  if (hedge === false) return undefined;
  const breakerFailures = breaker === false ? 0 : breaker.failures;
  return new Hedging({ clock, ...hedge, breakerFailures, attemptTimeout });
}

/** The minimum number of calls before the failure rate of an endpoint can open its breaker. */
const minCalls = 20;

const neverOpens: BreakerSettings = {
  failures: Number.POSITIVE_INFINITY,
  failureRate: 1,
  minCalls: Number.POSITIVE_INFINITY,
  window: 1_000,
  openTime: 0,
  maxOpenTime: 0,
};

function breakerSettings({ breaker }: ResolvedOptions): BreakerSettings {
  return breaker === false ? neverOpens : { ...breaker, minCalls };
}
