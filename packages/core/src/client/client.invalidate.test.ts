import { expect, test } from 'vitest';
import { setUpClient, setUpWarmClient } from './client.fixture.ts';

test('invalidate() makes the next read fetch and drops fetches in flight', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');
  const inFlight = client.refresh('db');
  void client.invalidate('db');

  kms.put('db', 'v2');
  await inFlight;
  const next = await client.get('db');

  expect(next.versionId).toBe('v2');
  expect(kms.requests.length).toBe(3);
});

test('invalidate() drops all stages, versions and refusals of a name only', async () => {
  const { client, kms } = setUpClient();
  kms.put('db2', 'v1');
  await client.getMany(['db', 'db2']);
  await client.get('db', { stage: 'ACSPrevious' });
  await client.get('typo').catch(() => {});

  void client.invalidate('db');
  void client.invalidate('typo');

  expect(client.peek('db')).toBeUndefined();
  expect(client.peek('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.peek('db2')?.versionId).toBe('v1');
  expect(client.stats().cachedErrors).toBe(0);
});

test('a read of a stale value that is invalidated meets its deadline', async () => {
  const { client, clock, kms } = await setUpWarmClient({ deadline: '10s' });
  clock.freeze('6m');
  kms.fail('hang');
  const read = client.get('db');
  read.catch(() => {});
  await clock.pass(100);

  void client.invalidate('db');
  await clock.pass('9900ms');

  await expect(read).rejects.toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
});

test('a timeout of a read before invalidate() does not affect the new value', async () => {
  const { client, clock, kms } = await setUpWarmClient();
  clock.freeze('6m');
  kms.fail('hang');
  client.get('db').catch(() => {});
  await clock.pass(100);
  void client.invalidate('db');
  kms.heal();
  kms.put('db', 'v2');
  await client.get('db');

  await clock.pass('2s');

  expect(client.describe().secrets).toMatchObject([{ versionId: 'v2', lastFailure: undefined }]);
});

test('a listener of refreshed can invalidate and read the latest value', async () => {
  const { client, kms } = await setUpWarmClient();
  const versions: Promise<string>[] = [];
  client.on('refreshed', () => {
    if (versions.length > 0) return;
    kms.put('db', 'v3');
    void client.invalidate('db');
    versions.push(client.get('db').then(({ versionId }) => versionId));
  });
  kms.put('db', 'v2');
  await client.refresh('db');

  expect(await Promise.all(versions)).toEqual(['v3']);
  await Promise.resolve();
  expect(client.stats().inFlight).toBe(0);
});
