import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { failures } from '../secret/failures.ts';
import type { FailureName } from '../secret/failures.ts';
import { Secret } from '../secret/secret.ts';
import {
  dbSecret,
  deferred,
  foreignArn,
  holdResponses,
  ownArn,
  secretsOfOneName,
  setUpClient,
  setUpClientWithStore,
  setUpWarmClient,
} from './client.fixture.ts';

const refusals = Object.entries(failures).flatMap(([name, kind]) => (kind.serveStale ? [] : [name as FailureName]));

test.each(refusals)('drops a secret that KMS refuses: %s', async (failure) => {
  const { client, clock, kms, events } = await setUpWarmClient();
  kms.fail(failure);
  await clock.pass('5m');

  expect(client.peek('db')).toBeUndefined();
  await expect(client.get('db')).rejects.toMatchObject({ secretName: 'db' });
  expect(events('dropped')).toMatchObject([{ name: 'db', versionId: 'v1', reason: 'refused' }]);
  expect(events('stale')).toEqual([]);
});

test('a refusal during an outage ends stale reads', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  kms.fail('unreachable');
  await clock.pass('6m');
  expect((await client.get('db')).stale).toBe(true);

  kms.fail('denied');
  await clock.pass('30s');

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});

test('drops a secret that KMS denies in every stage and version', async () => {
  const { client, kms } = await setUpWarmClient();
  await client.get('db', { stage: 'ACSPrevious' });
  await client.get('db', { versionId: 'v1' });
  kms.fail('denied');

  await client.refresh('db').catch(() => {});

  expect(client.peek('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.peek('db', { versionId: 'v1' })).toBeUndefined();
});

test.each(secretsOfOneName)('a refusal of %s does not drop %s', async (refused, other) => {
  const { client, kms, events } = setUpClient({ names: [] });
  kms.put(other, 'v1', { name: 'db' });
  await client.get(other);
  kms.fail('denied', refused);

  await expect(client.get(refused)).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });

  expect(client.peek(other)?.versionId).toBe('v1');
  expect(events('dropped')).toEqual([]);
});

test.each(secretsOfOneName)('a refusal of %s does not discard the running fetch of %s', async (refused, other) => {
  const { client, kms } = setUpClient({ names: [] });
  kms.put(other, 'v1', { name: 'db' });
  kms.fail('denied', refused);
  const read = client.get(other);
  await client.get(refused).catch(() => {});
  await read;

  await client.get(other);

  expect(kms.requests.filter(({ name }) => name === other).length).toBe(1);
});

test.each([
  ['db', ownArn],
  [ownArn, 'db'],
])('a refusal of %s requests %s again, once in ten seconds', async (refused, other) => {
  const { client, clock, kms } = setUpClient({ names: [] });
  kms.put(other, 'v1', { name: 'db' });
  await client.get(other);
  kms.fail('denied', refused);
  const requests = (): number => kms.requests.filter(({ name }) => name === other).length;

  for (let second = 0; second < 30; second += 1) {
    await client.refresh(refused).catch(() => {});
    await clock.pass('1s');
  }
  expect(requests()).toBe(4);

  kms.fail('denied', other);
  await clock.pass('11s');
  await client.refresh(refused).catch(() => {});
  await clock.pass('1s');
  expect(client.peek(other)).toBeUndefined();
});

test('a refusal of an ARN sends no request for the same name in another account', async () => {
  const { client, clock, kms } = setUpClient({ names: [] });
  kms.put(ownArn, 'v1', { name: 'db' });
  await client.get(ownArn);
  kms.fail('denied', foreignArn);

  await client.get(foreignArn).catch(() => {});
  await clock.pass('1m');

  expect(kms.requests.filter(({ name }) => name === ownArn).length).toBe(1);
});

test('a value that KMS returns again deletes its cached refusal', async () => {
  const { client, kms } = await setUpWarmClient();
  kms.fail('denied');
  await client.refresh('db').catch(() => {});
  expect(client.stats().cachedErrors).toBe(1);
  kms.heal();

  await client.refresh('db');

  expect(client.stats().cachedErrors).toBe(0);
});

test('a stage that is not found drops no other stage', async () => {
  const { client, kms } = await setUpWarmClient();
  kms.fail('notFound');

  await client.get('db', { stage: 'ACSPending' }).catch(() => {});

  expect(client.peek('db')?.versionId).toBe('v1');
});

test('a disabled key at the fallback drops nothing', async () => {
  const { client, kms, fallback } = await setUpWarmClient({ hasFallback: true, retry: { maxAttempts: 1 } });
  fallback.fail('disabled');
  kms.fail('unavailable');

  await client.refresh('db').catch(() => {});

  expect(fallback.requests.length).toBe(1);
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('getMany() rejects if KMS refuses a member while others are pending', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  kms.fail('hang', 'slow');
  const set = client.getMany(['db', 'slow']);
  set.catch(() => {});
  await clock.pass(10);

  kms.fail('denied', 'db');
  await client.refresh('db').catch(() => {});
  kms.put('slow', 'v1');
  await clock.pass('6s');

  await expect(set).rejects.toMatchObject({ code: 'ERR_SECRET_SET' });
});

test('a response from before a refusal reaches its reader and is not cached', async () => {
  const response = deferred<Secret>();
  const { client, clock, kms, store } = setUpClientWithStore();
  kms.fetch = ({ stage }) =>
    stage === 'ACSPrevious' ? Promise.reject(new FetchFailure('denied', 'It is denied.')) : response.promise;
  const read = client.get('db');
  await clock.pass(10);

  await client.get('db', { stage: 'ACSPrevious' }).catch(() => {});
  response.resolve(new Secret({ name: 'db', versionId: 'v1', value: 's3cret-db', dataType: 'text' }));
  await clock.pass(10);

  expect((await read).versionId).toBe('v1');
  expect(client.peek('db')).toBeUndefined();
  expect(store.size).toBe(0);
});

test('a refusal counts although its fetch was forgotten', async () => {
  const { client, clock, kms } = setUpClientWithStore();
  const responses = holdResponses(kms);
  const refused = client.get('db');
  refused.catch(() => {});
  await clock.pass(10);
  void client.invalidate('db');
  const read = client.get('db');
  await clock.pass(10);
  responses[1]?.resolve(dbSecret('v1'));
  expect((await read).versionId).toBe('v1');

  responses[0]?.reject(new FetchFailure('denied', 'It is denied.'));

  await expect(refused).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
  expect(client.peek('db')).toBeUndefined();
  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_ACCESS_DENIED' });
});
