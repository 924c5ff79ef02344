import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import type { Attempt } from '../secret/errors.ts';
import type { FailureName } from '../secret/failures.ts';
import { Endpoint } from '../endpoint/endpoint.ts';
import { KnownSecrets } from '../endpoint/known-secrets.ts';
import { fetchWithFailover } from './failover.ts';
import type { FailoverParts } from './failover.ts';
import type { FetchOutcome } from './endpoint-race.ts';
import { RetryPolicy } from './retry-policy.ts';
import { Hedging } from '../endpoint/hedge.ts';
import { Priority } from '../endpoint/priority.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';

function createEndpoint(transport: FakeTransport, clock: FakeClock, maxInFlight = 64): Endpoint {
  return new Endpoint({
    transport,
    clock,
    breaker: { failures: 5, failureRate: 0.5, minCalls: 20, window: 30_000, openTime: 1_000, maxOpenTime: 30_000 },
    maxInFlight,
    maxPerSecond: 1_000,
    startsLow: () => false,
    known: new KnownSecrets([], 1_000),
    slowProbeThreshold: 1_000,
    onChange: () => {},
    onIdentity: () => {},
  });
}

/** A fetch in progress. */
export interface StartedFetch {
  readonly outcome: Promise<FetchOutcome>;
  readonly attempts: readonly Attempt[];
  /** The calls of `onFailing`. */
  readonly failing: readonly FailureName[];
  readonly priority: Priority;
  readonly controller: AbortController;
}

/** The failover over fake transports, on a fake clock. */
export class FailoverFixture {
  readonly clock: FakeClock = new FakeClock();
  readonly endpoints: readonly Endpoint[];
  readonly closing: AbortController = new AbortController();
  readonly parts: FailoverParts;

  constructor(
    transports: readonly FakeTransport[],
    options: {
      readonly maxAttempts?: number;
      /** Hedge delay in milliseconds, or `measured`: from the latency. Default: no hedging. */
      readonly hedge?: number | 'measured';
      readonly share?: number;
      readonly maxInFlight?: number;
    } = {},
  ) {
    const { clock } = this;
    const { maxAttempts = 5, hedge, share = 0.1, maxInFlight } = options;
    this.endpoints = transports.map((transport) => createEndpoint(transport, clock, maxInFlight));
    const [primary] = this.endpoints;
    if (primary === undefined) throw new Error('no transport');
    const delay = hedge === 'measured' ? undefined : hedge;
    const hedging = new Hedging({ clock, delay, share, breakerFailures: 5, attemptTimeout: 4_000 });
    this.parts = {
      endpoints: { primary, all: this.endpoints },
      hedging: hedge === undefined ? undefined : hedging,
      clock,
      retry: new RetryPolicy({
        maxAttempts,
        baseDelay: 200,
        maxDelay: 10_000,
        random: () => clock.random(),
        logger: { warn: () => {}, error: () => {} },
      }),
      attemptTimeout: 4_000,
      closing: this.closing.signal,
    };
  }

  fetch(name = 'db', level: PriorityLevel = 'read'): StartedFetch {
    const controller = new AbortController();
    const attempts: Attempt[] = [];
    const failing: FailureName[] = [];
    const priority = new Priority(level);
    const outcome = fetchWithFailover(this.parts, {
      request: { name, stage: 'ACSCurrent' },
      signal: controller.signal,
      priority,
      attempts,
      failed: new Map(),
      onFailing: ({ failure }) => failing.push(failure),
    });
    return { outcome, attempts, failing, priority, controller };
  }

  /** Runs `times` fetches in sequence, and advances the clock by `ms` in each. */
  async fetchSequentially(times: number, ms = 0): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      const { outcome } = this.fetch();
      await this.clock.pass(ms);
      await outcome;
    }
  }
}

export function failingTransport(name: string, failure: FailureName | 'hang' | Error): FakeTransport {
  const transport = transportWithSecret(name);
  transport.fail(failure);
  return transport;
}

/** Has version `v1` of the secret `db`. */
export function transportWithSecret(name: string): FakeTransport {
  const transport = new FakeTransport(name);
  transport.put('db', 'v1');
  return transport;
}

/** Ignores its signal: its requests never settle. */
export class HangingTransport extends FakeTransport {
  started = 0;

  override fetch(): Promise<never> {
    this.started += 1;
    return new Promise(() => {});
  }
}

/** `secret`, `aborted`, or the name of the failure. */
export async function outcomeKind(outcome: Promise<FetchOutcome>): Promise<string> {
  const settled = await outcome;
  return settled.kind === 'failed' ? settled.failure.failure : settled.kind;
}
