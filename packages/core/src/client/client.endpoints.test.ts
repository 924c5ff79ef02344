import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { BreakerOptions } from '../options/options.ts';
import { FetchFailure } from '../ports/transport.ts';
import { Secret } from '../secret/secret.ts';
import { deferred, setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions, Deferred } from './client.fixture.ts';

/** A client with a primary and a fallback endpoint. */
const setUp = (options: ClientFixtureOptions = {}): ClientFixture => setUpClient({ hasFallback: true, ...options });

/** Reads so many secrets that are not in memory, one after the other. Each read takes `ms` milliseconds. */
async function readNewSecrets({ client, clock, kms, fallback }: ClientFixture, times: number, ms = 0): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    const name = `new-${client.stats().misses}`;
    for (const endpoint of [kms, fallback]) endpoint.put(name, 'v1');
    const secret = client.get(name);
    await clock.pass(ms);
    await secret;
  }
}

/** Milliseconds from the start of a read to its request to the fallback. */
async function delayOfFallback({ client, clock, fallback }: ClientFixture): Promise<number> {
  const requestsBefore = fallback.requests.length;
  const secret = client.get('db');
  let ms = 0;
  for (; fallback.requests.length === requestsBefore && ms < 6_000; ms += 10) await clock.pass(10);
  await secret;
  return ms;
}

test('requests the fallback after hedge.delay', async () => {
  const fixture = setUp({ hedge: { delay: 200 } });
  fixture.kms.fail('hang');

  expect(await delayOfFallback(fixture)).toBe(200);
  expect(fixture.client.stats()).toMatchObject({ hedges: 1, hedgesWon: 1 });
});

test('requests the fallback after attemptTimeout with hedge: false', async () => {
  const fixture = setUp({ hedge: false });
  fixture.kms.fail('hang');

  expect(await delayOfFallback(fixture)).toBe(4_000);
});

test('hedges at most hedge.share of the fetches', async () => {
  const fixture = setUp({ hedge: { delay: 50, share: 0.5 }, breaker: false });
  const { client, clock, kms, fallback } = fixture;
  kms.delayResponses(60, clock);
  fallback.delayResponses(1_000, clock);

  await readNewSecrets(fixture, 100, 60);

  expect(client.stats().hedges).toBeGreaterThan(50);
  expect(client.stats().hedges).toBeLessThanOrEqual(10 + 50);
});

test('emits breaker once when it opens and once when it closes', async () => {
  const fixture = setUp({ breaker: { failures: 3 } });
  const { client, clock, kms, events } = fixture;
  kms.fail('unreachable');

  await readNewSecrets(fixture, 10);
  const requestsUntilOpen = kms.requests.length;
  await clock.pass('1s');
  await readNewSecrets(fixture, 1); // the probe fails
  kms.heal();
  await clock.pass('2s');
  await readNewSecrets(fixture, 2);

  expect(requestsUntilOpen).toBe(3);
  expect(events('breaker')).toMatchObject([
    { endpoint: 'kms.example', state: 'open', failure: 'unreachable' },
    { endpoint: 'kms.example', state: 'closed', failure: undefined },
  ]);
  expect(client.stats().probes).toBe(2);
});

test('slow responses open the breaker; a probe within hedge.delay closes it', async () => {
  const fixture = setUp({ hedge: { delay: '2s' } });
  const { clock, kms, events } = fixture;
  kms.delayResponses(3_000, clock);
  await readNewSecrets(fixture, 5, 2_000);

  kms.delayResponses(1_900, clock);
  await clock.pass('1s');
  await readNewSecrets(fixture, 1, 1_900);

  expect(events('breaker')).toMatchObject([
    { state: 'open', failure: undefined },
    { state: 'closed', failure: undefined },
  ]);
});

test('a slow response closes the breaker of the only endpoint', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('unavailable');
  const failed = client.get('db').catch(() => {});
  await clock.pass('1m');
  await failed;
  kms.heal();
  kms.delayResponses(3_000, clock);

  const secret = client.get('db');
  await clock.pass('3s');
  await secret;

  expect(client.describe().endpoints).toMatchObject([{ breaker: 'closed', probes: 1 }]);
});

test('requests a failing endpoint for every read with breaker: false', async () => {
  const fixture = setUp({ breaker: false });
  fixture.kms.fail('unreachable');

  await readNewSecrets(fixture, 30);

  expect(fixture.kms.requests.length).toBe(30);
});

test.each<[BreakerOptions, number]>([
  [{}, 10],
  [{ failureRate: 0.8 }, 20],
  [{ window: '1s' }, 20],
])('breaker %j: %i of 20 success-failure pairs reach the endpoint', async (options, pairs) => {
  const fixture = setUp({ breaker: { ...options, failures: 100, openTime: '30s' } });
  const { kms } = fixture;

  for (let count = 0; count < 20; count += 1) {
    kms.heal();
    await readNewSecrets(fixture, 1, 100);
    kms.fail('unavailable');
    await readNewSecrets(fixture, 1, 100);
  }

  expect(kms.requests.length).toBe(2 * pairs);
});

test('doubles breaker.openTime per failed probe, up to maxOpenTime', async () => {
  const fixture = setUp({ breaker: { openTime: '10s', maxOpenTime: '15s' } });
  const { client, clock, kms } = fixture;
  kms.fail('unreachable');
  await readNewSecrets(fixture, 5);
  const waits: (number | undefined)[] = [];

  for (let count = 0; count < 3; count += 1) {
    waits.push(client.describe().endpoints[0]?.probeIn);
    await clock.pass('15s');
    await readNewSecrets(fixture, 1);
  }

  // Half of the time is fixed, the other half is random: three quarters with a random number of 0.5.
  expect(waits).toEqual([7_500, 11_250, 11_250]);
});

test('late responses and failures of abandoned endpoints change nothing', async () => {
  const pending: Deferred<Secret>[] = [];
  const endpoints = ['first', 'second', 'third'].map((endpoint) => {
    const transport = new FakeTransport(endpoint);
    // Ignores its signal.
    transport.fetch = () => {
      const response = deferred<Secret>();
      pending.push(response);
      return response.promise;
    };
    return transport;
  });
  const version = (versionId: string): Secret =>
    new Secret({ name: 'db', versionId, value: 's3cret-late', dataType: 'text' });
  const { client, clock } = setUpClient({ endpoints, attemptTimeout: '1s', retry: { maxAttempts: 1 } });
  const read = client.get('db');
  while (pending.length < endpoints.length) await clock.pass(50);

  pending[2]?.resolve(version('v3'));
  const secret = await read;
  pending[0]?.resolve(version('v1'));
  pending[1]?.reject(new FetchFailure('unreachable', 'Too late.'));
  await clock.pass('1s');

  expect([secret.versionId, client.peek('db')?.versionId]).toEqual(['v3', 'v3']);
});

test('handles a late failure of a cancelled custom transport', async () => {
  const responses: Deferred<Secret>[] = [];
  const { client, clock, kms } = setUp({ hedge: { delay: 100 } });
  kms.fetch = () => {
    const response = deferred<Secret>();
    responses.push(response);
    return response.promise;
  };
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);

  const read = client.get('db');
  await clock.pass(100);
  const { versionId } = await read;
  for (const { reject } of responses) reject(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onUnhandled);

  expect([versionId, responses.length, unhandled]).toEqual(['v1', 1, []]);
  expect(client.describe().endpoints[0]).toMatchObject({ failures: 0, inFlight: 0, breaker: 'closed' });
});
