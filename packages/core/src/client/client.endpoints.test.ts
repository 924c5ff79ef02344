import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import type { BreakerOptions, SecretClientOptions } from '../options/options.ts';
import type { SecretClient } from './client.ts';

interface Stage {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly first: FakeTransport;
  readonly standby: FakeTransport;
  /** Reads so many secrets that nobody has read before, one after the other, each within `patience` milliseconds. */
  readonly readTimes: (times: number, patience?: number) => Promise<void>;
}

function stage(options: SecretClientOptions = {}): Stage {
  const clock = new FakeClock();
  const [first, standby] = [new FakeTransport('a'), new FakeTransport('b')];
  const client = createSecretClient({ endpoints: [first, standby], clock, ...options });
  let count = 0;
  const readTimes = async (times: number, patience = 0): Promise<void> => {
    for (const last = count + times; count < last; count += 1) {
      for (const kms of [first, standby]) kms.put(`db-${count}`, 'v1');
      const secret = client.get(`db-${count}`);
      await clock.pass(patience);
      await secret;
    }
  };
  return { client, clock, first, standby, readTimes };
}

/** Milliseconds after which the second endpoint is asked for a secret that the first does not give. */
async function delayOf({ client, clock, first, standby }: Stage): Promise<number> {
  for (const kms of [first, standby]) kms.put('late', 'v1');
  const before = standby.requests.length;
  const secret = client.get('late');
  let ms = 0;
  for (; standby.requests.length === before && ms < 6_000; ms += 10) await clock.pass(10);
  await secret;
  return ms;
}

test('a slow endpoint costs a reader no more than hedge.delay', async () => {
  const slow = stage({ hedge: { delay: 200 } });
  slow.first.fail('hang');

  expect(await delayOf(slow)).toBe(200);
  expect(slow.client.stats()).toMatchObject({ hedges: 1, hedgesWon: 1 });
});

test('with hedge: false the next endpoint is asked when the attempt has failed', async () => {
  const slow = stage({ hedge: false });
  slow.first.fail('hang');

  expect(await delayOf(slow)).toBe(4_000);
});

test('hedges keep to hedge.share', async () => {
  const slow = stage({ hedge: { delay: 50, share: 0.5 }, breaker: false });
  slow.first.delayResponses(60, slow.clock);
  slow.standby.delayResponses(1_000, slow.clock);

  await slow.readTimes(100, 60);

  expect(slow.client.stats().hedges).toBeGreaterThan(50);
  expect(slow.client.stats().hedges).toBeLessThanOrEqual(10 + 50);
});

test('so many failures as breaker.failures says open the breaker, which is told once, and once more when it closes', async () => {
  const down = stage({ breaker: { failures: 3 } });
  const told: string[] = [];
  down.client.on('breaker', ({ endpoint, state, failure }) => told.push(`${endpoint} ${state} ${failure}`));
  down.first.fail('unreachable');

  await down.readTimes(10);
  const asked = down.first.requests.length;
  await down.clock.pass('1s');
  await down.readTimes(1); // a probe that fails is no news
  down.first.heal();
  await down.clock.pass('2s');
  await down.readTimes(2);

  expect(asked).toBe(3);
  expect(told).toEqual(['a open unreachable', 'a closed undefined']);
  expect(down.client.stats().probes).toBe(2);
});

test('one that is too slow is left alone without a failure, and back when a probe takes no longer than hedge.delay', async () => {
  const slow = stage({ hedge: { delay: '2s' } });
  const told: string[] = [];
  slow.client.on('breaker', ({ state, failure }) => told.push(`${state} ${failure}`));
  slow.first.delayResponses(3_000, slow.clock);
  await slow.readTimes(5, 2_000);

  slow.first.delayResponses(1_900, slow.clock);
  await slow.clock.pass('1s');
  await slow.readTimes(1, 1_900);

  expect(told).toEqual(['open undefined', 'closed undefined']);
});

test('one endpoint alone is back as soon as it answers, however slowly', async () => {
  const clock = new FakeClock();
  const only = new FakeTransport('a');
  only.put('db', 'v1');
  only.fail('unavailable');
  const client = createSecretClient({ endpoints: [only], clock });
  const failed = client.get('db').catch(() => {});
  await clock.pass('1m');
  await failed;
  only.heal();
  only.delayResponses(3_000, clock);

  const secret = client.get('db');
  await clock.pass('3s');
  await secret;

  expect(client.describe().endpoints).toMatchObject([{ breaker: 'closed', probes: 1 }]);
});

test('with breaker: false an endpoint is asked however often it has failed', async () => {
  const down = stage({ breaker: false });
  down.first.fail('unreachable');

  await down.readTimes(30);

  expect(down.first.requests.length).toBe(30);
});

test.each<[BreakerOptions, number]>([
  [{}, 10],
  [{ failureRate: 0.8 }, 20],
  [{ window: '1s' }, 20],
])('with %j, of twenty pairs of a failure and an answer so many reach the endpoint: %i', async (options, pairs) => {
  const shaky = stage({ breaker: { ...options, failures: 100, openTime: '30s' } });

  for (let count = 0; count < 20; count += 1) {
    shaky.first.heal();
    await shaky.readTimes(1, 100);
    shaky.first.fail('unavailable');
    await shaky.readTimes(1, 100);
  }

  expect(shaky.first.requests.length).toBe(2 * pairs);
});

test('an endpoint is left alone for breaker.openTime, twice as long each time, up to breaker.maxOpenTime', async () => {
  const down = stage({ breaker: { openTime: '10s', maxOpenTime: '15s' } });
  down.first.fail('unreachable');
  await down.readTimes(5);
  const waits: (number | undefined)[] = [];

  for (let count = 0; count < 3; count += 1) {
    waits.push(down.client.describe().endpoints[0]?.probeIn);
    await down.clock.pass('15s');
    await down.readTimes(1);
  }

  expect(waits).toEqual([7_500, 11_250, 11_250]); // three quarters: half is certain, half of the other half is drawn
});

test('no more requests than limits.concurrentRequests are under way at one endpoint', async () => {
  const { client, clock, first } = stage({ limits: { concurrentRequests: 3 }, hedge: false });
  first.fail('hang');

  const reads = Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((name) => client.get(name)));
  await clock.pass(0);

  expect(client.describe().endpoints[0]).toMatchObject({ inFlight: 3, queued: 2 });
  await client.close();
  await reads;
});

test('no more requests than limits.requestsPerSecond go to one endpoint in a second', async () => {
  const { client, clock, first } = stage({ limits: { requestsPerSecond: 10 }, hedge: false });
  const names = Array.from({ length: 30 }, (_, index) => `db-${index}`);
  for (const name of names) first.put(name, 'v1');

  const reads = Promise.all(names.map((name) => client.get(name)));
  const counts: number[] = [];
  for (let second = 0; second < 3; second += 1) {
    await clock.pass(second === 0 ? 0 : '1s');
    counts.push(first.requests.length);
  }
  await reads;

  expect(counts).toEqual([10, 20, 30]);
});

test('a reader is let in before the refreshes that wait, and takes along the refresh that it joins', async () => {
  const names = ['one', 'two', 'three', 'four', 'five', 'six'];
  // They come due one after the other.
  const secrets = Object.fromEntries(names.map((name, index) => [name, { ttl: 60_000 + index }]));
  const { client, clock, first } = stage({ secrets, limits: { concurrentRequests: 4 }, hedge: false });
  for (const name of [...names, 'cold']) first.put(name, 'v1');
  for (const name of names) await client.get(name);
  first.requests.length = 0;
  first.delayResponses(100, clock);
  await clock.pass('56s');
  while (client.describe().endpoints[0]?.queued !== 3) await clock.pass(10);

  const reads = Promise.all([client.get('cold'), client.refresh('six')]);
  await clock.pass('1s');
  await reads;

  expect(first.requests.map(({ name }) => name)).toEqual(['one', 'two', 'three', 'six', 'cold', 'four', 'five']);
});

test('options that contradict each other are refused together, each with where it stands', () => {
  expect(() => stage({ hedge: { delay: '5s' }, breaker: { openTime: '1m' } })).toThrow(
    /2 errors[^]*hedge\.delay \(option\)[^]*breaker\.openTime \(option\)/u,
  );
});
