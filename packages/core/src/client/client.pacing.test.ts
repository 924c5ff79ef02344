import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { SecretTransport } from '../ports/transport.ts';
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

  take(): void {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filledAt) / 1_000) * this.#perSecond);
    this.#filledAt = now;
    this.requests += 1;
    if (this.#tokens < 1) {
      this.throttled += 1;
      throw new FetchFailure('throttled', 'Rejected.Throttling');
    }
    this.#tokens -= 1;
  }
}

/** An endpoint that responds after 20 ms, within `quota`. */
function limitedTransport(clock: FakeClock, quota: Quota, supportsBatch: boolean): SecretTransport {
  const secretOf = ({ name }: SecretRequest): Secret =>
    new Secret({ name, versionId: 'v1', value: 's3cret', dataType: 'text', stages: ['ACSCurrent'] });
  const respond = <Value>(value: () => Value): Promise<Value> =>
    new Promise((resolve, reject) => {
      clock.setUnrefTimer(20, () => {
        try {
          quota.take();
          resolve(value());
        } catch (error) {
          reject(error);
        }
      });
    });
  return {
    endpoint: 'kms.example',
    fetch: (request) => respond(() => secretOf(request)),
    ...(supportsBatch && { fetchMany: (requests) => respond(() => requests.map(secretOf)) }),
    close: () => {},
  };
}

interface Fleet {
  readonly size: number;
  /** The number of secrets that each client preloads. */
  readonly names: number;
  /** Requests per second. */
  readonly quota: number;
  readonly supportsBatch: boolean;
}

interface FleetResult {
  /** When the clients were ready (ms). */
  readonly readyAt: readonly number[];
  readonly errors: readonly unknown[];
  readonly quota: Quota;
}

/** Starts the clients of a fleet at the same moment, and waits until all are ready or have failed. */
async function startFleet({ size, names, quota: perSecond, supportsBatch }: Fleet): Promise<FleetResult> {
  const clock = new FakeClock({ random: evenlySpread() });
  const quota = new Quota(clock, perSecond);
  const preload = Array.from({ length: names }, (_, index) => `db-${index}`);
  const endpoints = [limitedTransport(clock, quota, supportsBatch)];
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
  { size: 200, names: 50, quota: 450, supportsBatch: true },
  { size: 20, names: 50, quota: 45, supportsBatch: false },
])('$size clients that start together share a quota (batches: $supportsBatch)', { timeout: 300_000 }, async (fleet) => {
  const { readyAt, errors, quota } = await startFleet(fleet);

  expect(errors).toEqual([]);
  expect(Math.max(...readyAt)).toBeLessThan(1.3 * quota.ownTime);
  expect(quota.share).toBeLessThan(0.1);
});
