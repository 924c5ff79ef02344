import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import type { Attempt } from '../secret/errors.ts';
import type { FailureName } from '../secret/failures.ts';
import { fullJitter } from './backoff.ts';
import { Endpoint } from '../endpoint/endpoint.ts';
import { fetchWithFailover } from './failover.ts';
import type { FailoverParts, FetchOutcome } from './failover.ts';
import { Hedging } from '../endpoint/hedge.ts';
import { Priority } from '../endpoint/priority.ts';
import type { PriorityLevel } from '../endpoint/priority.ts';

export function createEndpoint(transport: FakeTransport, clock: FakeClock, maxInFlight = 64): Endpoint {
  return new Endpoint({
    transport,
    clock,
    breaker: { failures: 5, rate: 0.5, minCalls: 20, window: 30_000, openTime: 1_000, openTimeCap: 30_000 },
    maxInFlight,
    maxPerSecond: 1_000,
    slowProbeThreshold: 1_000,
    onChange: () => {},
  });
}

/** A fetch that has begun. */
export interface StartedFetch {
  readonly outcome: Promise<FetchOutcome>;
  readonly attempts: readonly Attempt[];
  /** What was told after each round, or at once where nobody is expected to answer. */
  readonly rounds: readonly FailureName[];
  readonly priority: Priority;
  readonly controller: AbortController;
}

/** Endpoints on a clock that stands still, asked as the client asks them. */
export class FailoverFixture {
  readonly clock: FakeClock = new FakeClock();
  readonly endpoints: readonly Endpoint[];
  readonly closing: AbortController = new AbortController();
  readonly #parts: FailoverParts;

  constructor(
    transports: readonly FakeTransport[],
    options: {
      readonly maxAttempts?: number;
      /** Milliseconds, or what the endpoint is used to; without it nobody is hedged. */
      readonly hedge?: number | 'measured';
      readonly share?: number;
      readonly maxInFlight?: number;
    } = {},
  ) {
    const { clock } = this;
    const { maxAttempts = 5, hedge, share = 0.1, maxInFlight } = options;
    this.endpoints = transports.map((transport) => createEndpoint(transport, clock, maxInFlight));
    const [home] = this.endpoints;
    if (home === undefined) throw new Error('no transport');
    const delay = hedge === 'measured' ? undefined : hedge;
    const hedging = new Hedging({ clock, delay, share, breakerFailures: 5, attemptTimeout: 4_000 });
    this.#parts = {
      endpoints: { primary: home, inOrder: this.endpoints },
      hedging: hedge === undefined ? undefined : hedging,
      clock,
      backoff: fullJitter({ base: 200, cap: 10_000, maxAttempts }),
      attemptTimeout: 4_000,
      closing: this.closing.signal,
    };
  }

  fetch(name = 'db', purpose: PriorityLevel = 'read'): StartedFetch {
    const controller = new AbortController();
    const attempts: Attempt[] = [];
    const rounds: FailureName[] = [];
    const urgency = new Priority(purpose);
    const outcome = fetchWithFailover(this.#parts, {
      request: { name, stage: 'ACSCurrent' },
      signal: controller.signal,
      priority: urgency,
      attempts,
      onFailing: ({ failure }) => rounds.push(failure),
    });
    return { outcome, attempts, rounds, priority: urgency, controller };
  }

  /** Fetches one after the other, each until it is over or `patience` milliseconds have gone by. */
  async fetchSequentially(times: number, patience = 0): Promise<void> {
    for (let count = 0; count < times; count += 1) {
      const { outcome } = this.fetch();
      await this.clock.pass(patience);
      await outcome;
    }
  }
}

export function failingTransport(name: string, failure: FailureName | 'hang' | Error): FakeTransport {
  const transport = transportWithSecret(name);
  transport.fail(failure);
  return transport;
}

/** Where `db` is at version 1. */
export function transportWithSecret(name: string): FakeTransport {
  const transport = new FakeTransport(name);
  transport.put('db', 'v1');
  return transport;
}

/** `secret`, `aborted`, or the name of the failure. */
export async function outcomeKind(outcome: Promise<FetchOutcome>): Promise<string> {
  const settled = await outcome;
  return settled.kind === 'failed' ? settled.failure.failure : settled.kind;
}
