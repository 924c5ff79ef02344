import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import type { SecretEvents } from '../secret/events.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import type { SecretClientOptions } from '../options/options.ts';
import { Secret } from '../secret/secret.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
  readonly stale: SecretEvents['stale'][];
  readonly dropped: SecretEvents['dropped'][];
}

async function setup(options: SecretClientOptions = {}): Promise<Setup> {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '5m', ...options });
  const stale: SecretEvents['stale'][] = [];
  const dropped: SecretEvents['dropped'][] = [];
  client.on('stale', (event) => stale.push(event));
  client.on('dropped', (event) => dropped.push(event));
  await client.get('db');
  return { client, clock, kms, stale, dropped };
}

const outages = Object.entries(failures).flatMap(([name, kind]) => (kind.serveStale ? [name as FailureName] : []));
const refusals = Object.entries(failures).flatMap(([name, kind]) => (kind.serveStale ? [] : [name as FailureName]));

test.each(outages)('the old value is served at once, and said to be old, while KMS is away: %s', async (failure) => {
  const { client, clock, kms, stale } = await setup();
  kms.fail(failure);
  await clock.pass('6m');
  const asked = kms.requests.length;

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(kms.requests.length).toBe(asked);
  expect(stale).toMatchObject([{ name: 'db', versionId: 'v1', age: 360_000 }]);
});

test('when KMS is back for one secret, all others are asked for within a second, however long they were to wait', async () => {
  // Each draws its own luck: after a long outage they are tried at times between a quarter and half a minute.
  let drawn = 0;
  const clock = new FakeClock({ random: () => ((drawn += 1) * 0.618_034) % 1 });
  const kms = new FakeTransport();
  const names = Array.from({ length: 20 }, (_, index) => `db-${index}`);
  for (const name of names) kms.put(name, 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '5m', idleTtl: 0, retry: { maxAttempts: 1 } });
  await client.getMany(names);
  kms.fail('unreachable');
  await clock.pass('15m');
  const fresh = (): number => client.describe().secrets.filter(({ freshness }) => freshness === 'fresh').length;

  kms.heal();
  while (fresh() === 0) await clock.pass(50);
  expect(fresh()).toBeLessThan(names.length);
  await clock.pass('1s');

  expect(fresh()).toBe(names.length);
});

test('the stale event comes once for each outage, not for each read', async () => {
  const { client, clock, kms, stale } = await setup();
  kms.fail('unreachable');
  await clock.pass('6m');
  for (let read = 0; read < 100; read += 1) await client.get('db');
  expect(stale.length).toBe(1);

  kms.heal();
  await clock.pass('1m');
  expect((await client.get('db')).stale).toBe(false);
  kms.fail('unreachable');
  await clock.pass('6m');
  await client.get('db');

  expect(stale.length).toBe(2);
});

test('tries go on during an outage, and its end is noticed within half a minute', async () => {
  const { client, clock, kms } = await setup({ idleTtl: 0 });
  kms.fail('unavailable');
  await clock.pass('20m');
  const asked = kms.requests.length;
  kms.heal();
  kms.put('db', 'v2');

  await clock.pass('30s');

  expect(asked).toBeGreaterThan(50);
  expect(client.peek('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('the old value is served no longer than staleIfError allows', async () => {
  const { client, clock, kms, dropped } = await setup({ staleIfError: '3m' });
  kms.fail('unreachable');
  await clock.pass('9m');

  const read = client.get('db');
  read.catch(() => {});
  await clock.pass('10s');

  await expect(read).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
  expect(dropped).toMatchObject([{ name: 'db', versionId: 'v1', reason: 'expired' }]);
});

test('with staleIfError 0 nothing old is served', async () => {
  const { client, clock, kms } = await setup({ staleIfError: 0 });
  kms.fail('denied');
  clock.freeze('1h');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  expect(client.peek('db')).toBeUndefined();
});

test.each(refusals)('what KMS refuses is dropped by the first refusal and served never again: %s', async (failure) => {
  const { client, clock, kms, dropped, stale } = await setup();
  kms.fail(failure);
  await clock.pass('5m');

  expect(client.peek('db')).toBeUndefined();
  await expect(client.get('db')).rejects.toMatchObject({ secretName: 'db' });
  expect(dropped).toMatchObject([{ name: 'db', versionId: 'v1', reason: 'refused' }]);
  expect(stale).toEqual([]);
});

test('a refusal in the middle of an outage ends the serving of the old value', async () => {
  const { client, clock, kms } = await setup();
  kms.fail('unreachable');
  await clock.pass('6m');
  expect((await client.get('db')).stale).toBe(true);

  kms.fail('denied');
  await clock.pass('30s');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

test('after a freeze a reader waits for the new value, if KMS answers', async () => {
  const { client, clock, kms } = await setup();
  kms.put('db', 'v2');
  clock.freeze('2h');

  expect(await client.get('db')).toMatchObject({ versionId: 'v2', stale: false });
});

test('after a freeze a reader with an old value waits no longer than staleDeadline for KMS that hangs', async () => {
  const { client, clock, kms } = await setup({ staleDeadline: 300 });
  kms.fail('hang');
  clock.freeze('2h');

  const read = client.get('db');
  await clock.pass(299);
  expect(client.stats().staleReads).toBe(0);
  await clock.pass(1);

  expect(await read).toMatchObject({ versionId: 'v1', stale: true });
  expect(client.peek('db')).toMatchObject({ versionId: 'v1', stale: true });
});

test('a refresh that KMS has left without an answer since before the TTL was over keeps no reader waiting', async () => {
  const { client, clock, kms, stale } = await setup({ attemptTimeout: '1m', staleDeadline: '1s' });
  kms.fail('hang');
  await clock.pass('5m');
  const isUnderWay = client.stats().inFlight === 1;

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect([isUnderWay, clock.now()]).toEqual([true, 300_000]);
  expect(stale).toMatchObject([{ name: 'db', error: { code: 'ERR_DEADLINE_EXCEEDED' } }]);
});

test('after a freeze a reader with an old value takes it as soon as every endpoint has failed once', async () => {
  const { client, clock, kms } = await setup();
  kms.fail('unreachable');
  clock.freeze('2h');

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  expect(clock.now()).toBe(7_200_000);
});

test('a cold read fails within its deadline, telling what was tried, and the next one joins the fetch that goes on', async () => {
  const { client, clock, kms } = await setup({ deadline: '1s', attemptTimeout: 600 });
  kms.fail('hang', 'cold');
  const read = client.get('cold');
  read.catch(() => {});

  await clock.pass('1s');

  await expect(read).rejects.toMatchObject({
    code: 'ERR_DEADLINE_EXCEEDED',
    secretName: 'cold',
    attempts: [{ endpoint: 'kms.example', failure: 'unreachable', ms: 600 }],
  });
  kms.put('cold', 'v1');
  const next = client.get('cold');
  await clock.pass('1s');
  expect((await next).versionId).toBe('v1');
  expect(client.stats().fetches).toBe(2);
});

test('a fetch that never ends is given up after two minutes', async () => {
  const { client, clock, kms } = await setup({ attemptTimeout: '1h', deadline: '1h' });
  kms.fail('hang', 'cold');
  const read = client.get('cold');
  read.catch(() => {});

  await clock.pass('119s');
  expect(client.stats().inFlight).toBe(1);
  await clock.pass('1s');

  await expect(read).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
  expect(client.stats().inFlight).toBe(0);
});

test('an aborted signal ends the wait of its own read at once, and no other', async () => {
  const { client, clock, kms } = await setup();
  kms.fail('hang', 'cold');
  const controller = new AbortController();
  const reason = new Error('client went away');
  const impatient = client.get('cold', { signal: controller.signal });
  const patient = client.get('cold');
  await clock.pass(10);

  controller.abort(reason);

  await expect(impatient).rejects.toBe(reason);
  kms.put('cold', 'v1');
  await clock.pass('8s');
  expect((await patient).versionId).toBe('v1');
});

test('a signal that has fired already asks nothing, whatever is in memory', async () => {
  const { client, kms } = await setup();

  await expect(client.get('db', { signal: AbortSignal.abort('over') })).rejects.toBe('over');
  expect(kms.requests.length).toBe(1);
});

test('the final error lists every endpoint that was tried, and why it failed', async () => {
  const clock = new FakeClock();
  const [first, second] = [new FakeTransport('kms.one'), new FakeTransport('kms.two')];
  first.fail('unreachable');
  second.fail('throttled');
  const client = createSecretClient({ endpoints: [first, second], clock, retry: { maxAttempts: 2 } });
  const read = client.get('db');
  read.catch(() => {});

  await clock.pass('10s');

  await expect(read).rejects.toThrow(
    /all endpoints failed\.\n  - kms\.one: 2 attempts, last error \(unreachable\).*\n  - kms\.two: 2 attempts, last error \(throttled\)/u,
  );
});

test('recover is asked before a read fails for an outage, and what it returns is stale and not remembered', async () => {
  const asked: string[] = [];
  const { client, clock, kms } = await setup({
    hook: {
      recover: (request, error) => {
        asked.push(`${request.name} ${error.code}`);
        return new Secret({ name: request.name, versionId: 'r1', value: 's3cret-recovered', dataType: 'text' });
      },
    },
  });
  kms.fail('unreachable', 'cold');
  const read = client.get('cold');
  await clock.pass('10s');

  expect(await read).toMatchObject({ versionId: 'r1', stale: true });
  expect(asked).toEqual(['cold ERR_SECRET_UNAVAILABLE']);
  expect(client.peek('cold')).toBeUndefined();
});

test.each([
  [
    'throws',
    (): never => {
      throw new Error('hook is broken');
    },
  ],
  ['rejects', (): Promise<never> => Promise.reject(new Error('hook is broken'))],
  ['knows nothing', (): undefined => undefined],
  ['never ends', (): Promise<undefined> => new Promise(() => {})],
])('a recover that %s leaves the read its own error', async (_how, recover) => {
  const { client, clock, kms } = await setup({ hook: { recover } });
  kms.fail('unreachable', 'cold');
  const read = client.get('cold');
  read.catch(() => {});

  await clock.pass('20s');

  await expect(read).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('recover is not asked when KMS refuses', async () => {
  let asked = 0;
  const recover = (): undefined => {
    asked += 1;
  };
  const { client } = await setup({ hook: { recover } });

  await client.get('typo').catch(() => {});

  expect(asked).toBe(0);
});

test('a version that the hook refuses is not served; the one before it is', async () => {
  const { client, clock, kms } = await setup({
    hook: {
      transform: (secret) => {
        if (secret.versionId === 'v2') throw new Error('not for us');
        return secret;
      },
    },
  });
  kms.put('db', 'v2');

  await clock.pass('6m');

  expect(await client.get('db')).toMatchObject({ versionId: 'v1', stale: true });
  await expect(client.refresh('db')).rejects.toThrow(/hook\.transform rejected version v2: Error was thrown/u);
});

test('what the hook makes of a secret is what readers get', async () => {
  const { client } = await setup({ hook: { transform: (secret) => secret.withText(`${secret.text()}-unwrapped`) } });

  expect((await client.get('db')).text()).toBe('s3cret-db-v1-unwrapped');
});

test('a hook that returns nonsense is told so', async () => {
  const { client } = await setup();
  const broken = createSecretClient({
    endpoints: [((kms) => (kms.put('db', 'v1'), kms))(new FakeTransport())],
    hook: { transform: () => 'text' as never },
  });

  await expect(broken.get('db')).rejects.toThrow(/hook\.transform did not return a Secret/u);
  await Promise.all([client.close(), broken.close()]);
});
