import { FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { hour, setUpClient } from './client.fixture.ts';
import type { ClientFixture, ClientFixtureOptions } from './client.fixture.ts';

const few = 50;
const many = 1_000;

const limits = { requestsPerSecond: 100_000, concurrentRequests: 10_000 };

/** The iterators of collections. Every walk of a collection takes its steps there, except one by index. */
const iterators = [new Map().values(), new Set().values(), [].values()].map(
  (iterator) => Object.getPrototypeOf(iterator) as { next: () => unknown },
);

/** Counts the steps of all iterators from now on. Returns a function that ends this and returns their number. */
function countSteps(): () => number {
  let steps = 0;
  const restores = iterators.map((iterator) => {
    const { next } = iterator;
    iterator.next = function count(this: unknown): unknown {
      steps += 1;
      return next.call(this);
    };
    return () => {
      iterator.next = next;
    };
  });
  return () => {
    const total = steps;
    for (const restore of restores) restore();
    return total;
  };
}

function stepsOf(run: () => unknown): number {
  const stop = countSteps();
  run();
  return stop();
}

const namesUpTo = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `db-${index}`);

async function setUpSecrets(count: number, options: ClientFixtureOptions = {}): Promise<ClientFixture> {
  const names = namesUpTo(count);
  const fixture = setUpClient({ names, ttl: '1h', retry: { maxAttempts: 1 }, limits, ...options });
  await fixture.client.getMany(names);
  return fixture;
}

/** What makes a state of a client with so many secrets. */
const states: Readonly<Record<string, (count: number) => Promise<ClientFixture>>> = {
  'fresh secrets': (count) => setUpSecrets(count),
  'secrets with a missed rotation': async (count) => {
    const kms = new FakeTransport();
    const fixture = setUpClient({ kms, ttl: '3d', limits });
    const nextAt = fixture.clock.date() + hour;
    const rotation = { state: 'Enabled', interval: hour, lastAt: undefined, nextAt } as const;
    for (const name of namesUpTo(count)) kms.put(name, 'v1', { rotation });
    await fixture.client.getMany(namesUpTo(count));
    fixture.clock.freeze('2h');
    fixture.client.health();
    return fixture;
  },
  'stale secrets in an outage': async (count) => {
    const fixture = await setUpSecrets(count);
    fixture.kms.fail('unreachable');
    fixture.clock.freeze('2h');
    await Promise.all(namesUpTo(count).map((name) => fixture.client.get(name).catch(() => {})));
    fixture.client.health();
    return fixture;
  },
  'required secrets': (count) => setUpSecrets(count, { preload: namesUpTo(count) }),
  'preloaded secrets that are optional and cannot be fetched': async (count) => {
    const names = namesUpTo(count);
    const secrets = Object.fromEntries(names.map((name) => [name, { optional: true }]));
    const fixture = setUpClient({ names: [], preload: names, secrets, retry: { maxAttempts: 1 }, limits });
    fixture.kms.fail('unavailable');
    await Promise.all(names.map((name) => fixture.client.get(name).catch(() => {})));
    return fixture;
  },
  'refused secrets': async (count) => {
    const fixture = await setUpSecrets(count);
    fixture.kms.fail('denied');
    await Promise.all(namesUpTo(count).map((name) => fixture.client.refresh(name).catch(() => {})));
    return fixture;
  },
};

test.each(Object.entries(states))('health() takes the same steps with few and with many %s', async (_, setUp) => {
  const steps: number[] = [];
  for (const count of [few, many]) {
    const { client } = await setUp(count);
    steps.push(stepsOf(() => client.health()));
    await client.close();
  }

  expect(steps[0]).toBe(steps[1]);
});

test('health() takes one step per name that a probe requires', async () => {
  const required = namesUpTo(few);
  const steps: number[] = [];
  for (const count of [few, many]) {
    const { client } = await setUpSecrets(count);
    steps.push(stepsOf(() => client.health({ required })));
  }

  expect(steps[0]).toBe(steps[1]);
});

test.each<[string, (fixture: ClientFixture) => unknown]>([
  ['stats()', ({ client }) => client.stats()],
  ['statusOf()', ({ client }) => client.statusOf('db-7')],
  ['a handle past its TTL', ({ client }) => client.handle('db-7').text()],
  ['peek()', ({ client }) => client.peek('db-7')],
  ['invalidate()', ({ client }) => client.invalidate('db-7')],
])('%s takes the same steps with few and with many secrets', async (_, act) => {
  const steps: number[] = [];
  for (const count of [few, many]) {
    const fixture = await setUpSecrets(count);
    fixture.clock.freeze('2h');
    steps.push(stepsOf(() => act(fixture)));
    await fixture.client.close();
  }

  expect(steps[0]).toBe(steps[1]);
});

test.each<[string, (fixture: ClientFixture) => unknown]>([
  ['stats()', ({ client }) => client.stats()],
  ['invalidate()', ({ client }) => client.invalidate('db-7')],
])('%s takes the same steps with few and with many reads in flight', async (_, act) => {
  const steps: number[] = [];
  for (const count of [few, many]) {
    const fixture = setUpClient({ limits });
    fixture.kms.fail('hang');
    const reads = Promise.allSettled(namesUpTo(count).map((name) => fixture.client.get(name)));
    await fixture.clock.pass(0);
    steps.push(stepsOf(() => act(fixture)));
    await fixture.client.close();
    await reads;
  }

  expect(steps[0]).toBe(steps[1]);
});

test('a refusal walks no other denied read in flight', async () => {
  const steps: number[] = [];
  for (const count of [few, many]) {
    const { client, clock, kms } = setUpClient({ limits, negativeTtl: '1h' });
    const refuse = new Map<string, () => void>();
    kms.fetch = ({ name }) =>
      new Promise((_, reject) => {
        refuse.set(name, () => reject(new FetchFailure('denied', 'Denied.')));
      });
    const reads = Promise.allSettled(namesUpTo(count).map((name) => client.get(name)));
    await clock.pass(0);
    const stop = countSteps();
    refuse.get('db-7')?.();
    // The clock would walk its timers.
    await new Promise((resolve) => setImmediate(resolve));
    steps.push(stop());
    expect(client.stats()).toMatchObject({ cachedErrors: 1, inFlight: count - 1 });
    await client.close();
    await reads;
  }

  const [first = 0, second = 0] = steps;
  // Other work of the process may take some steps meanwhile.
  expect(second - first).toBeLessThan(many / 2);
});

test('health() agrees with the status of every secret, whatever happens to them', async () => {
  const names = ['a', 'b', 'c', 'acs:kms:cn-hangzhou:1234567890123456:secret/a'];
  const act = fc.record({
    kind: fc.constantFrom('get', 'preload', 'dispose', 'deny', 'fail', 'heal', 'invalidate', 'pass', 'refresh'),
    name: fc.constantFrom(...names),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const { client, clock, kms } = setUpClient({ names, ttl: '5m', preload: ['b'], retry: { maxAttempts: 1 } });
      const preloads: { name: string; dispose: () => void }[] = [];
      const required = ['b'];
      for (const { kind, name } of acts) {
        if (kind === 'get') await client.get(name).catch(() => {});
        if (kind === 'refresh') await client.refresh(name).catch(() => {});
        if (kind === 'deny') kms.fail('denied', name);
        if (kind === 'fail') kms.fail('unreachable', name);
        if (kind === 'heal') kms.put(name, 'v2', { name: 'a' === name || name.startsWith('acs') ? 'a' : name });
        if (kind === 'invalidate') await client.invalidate(name);
        if (kind === 'pass') await clock.pass('70s');
        if (kind === 'dispose') preloads.pop()?.dispose();
        if (kind === 'preload') {
          const dispose = await client.preload([name], { optional: [name] }).catch(() => undefined);
          if (dispose !== undefined) preloads.push({ name, dispose });
        }
        const health = client.health();
        const all = names.map((each) => client.statusOf(each));
        const withFreshness = (freshness: string): number => all.filter((each) => each?.freshness === freshness).length;
        const inMemory = all.filter((each) => each?.age !== undefined);
        const failing = all.filter((each) => each?.freshness === 'missing' && each.lastFailure !== undefined);
        expect(health.counts).toMatchObject({
          refused: withFreshness('refused'),
          missing: withFreshness('missing'),
          failing: inMemory.filter((each) => each?.lastFailure !== undefined).length,
        });
        expect(health.missing).toEqual(required.filter((each) => client.statusOf(each)?.age === undefined));
        const missing = health.problems.find(
          ({ kind: problem, status }) => problem === 'missing' && status === 'degraded',
        );
        expect(missing?.count ?? 0).toBe(failing.length);
        expect(client.describe().secrets).toHaveLength(all.filter((each) => each !== undefined).length);
      }
      await client.close();
    }),
    { numRuns: 60 },
  );
});
