import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretTransport } from '../ports/transport.ts';
import { isSecretError } from '../secret/errors.ts';
import { Secret } from '../secret/secret.ts';
import type { SecretRequest } from '../secret/secret-request.ts';
import { evenlySpread } from './client.fixture.ts';

/** One quota that the clients of a fleet share: as many tokens as requests a second. */
class Quota {
  requests = 0;
  throttled = 0;
  readonly #clock: FakeClock;
  readonly #perSecond: number;
  #tokens: number;
  #filledAt = 0;

  constructor(clock: FakeClock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** Milliseconds for the requests that were not throttled. */
  get ownTime(): number {
    return ((this.requests - this.throttled) / this.#perSecond) * 1_000;
  }

  /** The share of throttled requests. */
  get share(): number {
    return this.throttled / this.requests;
  }

  spend<Value>(value: () => Value): Value {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#perSecond);
    this.#filledAt = now;
    this.requests += 1;
    if (this.#tokens < 1) {
      this.throttled += 1;
      throw new FetchFailure('throttled', 'Rejected.Throttling');
    }
    this.#tokens -= 1;
    return value();
  }
}

/** Whether a transport has batches, and whether its endpoint supports them. */
type Batches = 'supported' | 'rejected' | 'none';

interface LimitedTransportParts {
  readonly clock: FakeClock;
  readonly quota: Quota;
  readonly batches: Batches;
  /** Milliseconds from a request to its response. */
  readonly latency?: () => number;
}

/** An endpoint that responds within `quota`. */
function limitedTransport({ clock, quota, batches, latency = () => 20 }: LimitedTransportParts): SecretTransport {
  const secretOf = ({ name }: SecretRequest): Secret =>
    new Secret({ name, versionId: 'v1', value: 's3cret', dataType: 'text', stages: ['ACSCurrent'] });
  const respond = <Value>(value: () => Value): Promise<Value> =>
    new Promise((resolve, reject) => {
      clock.setUnrefTimer(latency(), () => {
        try {
          resolve(value());
        } catch (error) {
          reject(error);
        }
      });
    });
  const fetchMany = (requests: readonly SecretRequest[]): readonly Secret[] => {
    if (batches === 'supported') return quota.spend(() => requests.map(secretOf));
    throw new FetchFailure('rejected', 'No such action.', { code: 'InvalidAction.NotFound' });
  };
  return {
    endpoint: 'kms.example',
    fetch: (request) => respond(() => quota.spend(() => secretOf(request))),
    ...(batches !== 'none' && { fetchMany: (requests) => respond(() => fetchMany(requests)) }),
    close: () => {},
  };
}

interface Fleet {
  readonly size: number;
  /** The number of secrets that each client preloads. */
  readonly names: number;
  /** Requests per second. */
  readonly quota: number;
  readonly batches: Batches;
  /** Milliseconds from a request to its response, for a `random` in [0, 1). */
  readonly latency?: (random: number) => number;
}

interface FleetResult {
  /** When the clients were ready (ms). */
  readonly readyAt: readonly number[];
  readonly errors: readonly unknown[];
  readonly quota: Quota;
}

/** Starts the clients of a fleet at the same moment, and waits until all are ready or have failed. */
async function startFleet({ size, names, quota: perSecond, batches, latency = () => 20 }: Fleet): Promise<FleetResult> {
  const clock = new FakeClock({ random: evenlySpread() });
  const quota = new Quota(clock, perSecond);
  const preload = Array.from({ length: names }, (_, index) => `db-${index}`);
  const endpoints = [limitedTransport({ clock, quota, batches, latency: () => latency(clock.random()) })];
  const clients = Array.from({ length: size }, () =>
    createSecretClient({ endpoints, clock, preload, precedence: 'code-only' }),
  );
  const readyAt: number[] = [];
  const errors: unknown[] = [];
  for (const client of clients) {
    client.ready().then(
      () => readyAt.push(clock.now()),
      (error: unknown) => errors.push(error),
    );
  }
  while (readyAt.length + errors.length < size) await clock.pass(100);
  for (const client of clients) await client.close();
  return { readyAt, errors, quota };
}

// Without batches, as many clients as the quota has requests for each: 450 for 200.
test.each([
  { size: 200, names: 50, quota: 450, batches: 'supported' },
  { size: 20, names: 50, quota: 45, batches: 'none' },
  { size: 20, names: 50, quota: 45, batches: 'rejected' },
  { size: 20, names: 25, quota: 60, batches: 'rejected' },
] as const)(
  '$size clients that start together share a quota (batches: $batches)',
  { timeout: 300_000 },
  async (fleet) => {
    const { readyAt, errors, quota } = await startFleet(fleet);

    expect(errors).toEqual([]);
    expect(Math.max(...readyAt)).toBeLessThan(1.3 * quota.ownTime);
    expect(quota.share).toBeLessThan(0.1);
  },
);

test('a fleet on a busy machine, where responses are slow, does not exceed its quota either', async () => {
  const latency = (random: number): number => 200 + random * 1_200;
  const { errors, quota } = await startFleet({ size: 20, names: 25, quota: 60, batches: 'rejected', latency });

  expect(errors).toEqual([]);
  expect(quota.share).toBeLessThan(0.1);
});

test('the secrets of a rejected batch wait for the rate limit, and no attempt times out meanwhile', async () => {
  const clock = new FakeClock();
  const quota = new Quota(clock, 1_000);
  const preload = Array.from({ length: 20 }, (_, index) => `db-${index}`);
  const endpoints = [limitedTransport({ clock, quota, batches: 'rejected' })];
  const limits = { requestsPerSecond: 2 };
  const client = createSecretClient({ endpoints, clock, preload, limits, precedence: 'code-only' });
  const ready = client.ready();

  await clock.pass('5s'); // more than `attemptTimeout`
  expect(quota.requests).toBeLessThanOrEqual(2 + 5 * 2);
  await clock.pass('5s');
  await ready;

  expect(quota.requests).toBe(20);
  expect(client.describe().endpoints[0]).toMatchObject({ failures: 0, inFlight: 0 });
  expect(clock.pendingTimers).toBe(1); // the next refresh
  await client.close();
});

test('close() ends the wait of the secrets of a rejected batch', async () => {
  const clock = new FakeClock();
  const quota = new Quota(clock, 1_000);
  const endpoints = [limitedTransport({ clock, quota, batches: 'rejected' })];
  const limits = { requestsPerSecond: 1 };
  const preload = ['a', 'b', 'c'];
  const client = createSecretClient({ endpoints, clock, preload, limits, precedence: 'code-only' });
  const outcome = client.ready().catch((error: unknown) => (isSecretError(error) ? error.code : error));
  await clock.pass(100);

  await client.close();

  expect(await outcome).toBe('ERR_CLIENT_CLOSED');
  expect([quota.requests, clock.pendingTimers]).toEqual([0, 0]);
});
