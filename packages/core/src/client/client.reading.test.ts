import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import { isSecretError } from '../secret/errors.ts';
import type { SecretClientOptions } from '../options/options.ts';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly kms: FakeTransport;
}

function setup(options: SecretClientOptions = {}): Setup {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  kms.put('db', 'v1');
  return { client: createSecretClient({ endpoints: [kms], clock, ...options }), clock, kms };
}

test('a fresh value is served from memory: the same object, without another request', async () => {
  const { client, kms } = setup();

  const first = await client.get('db');
  const second = await client.get('db');

  expect(second).toBe(first);
  expect(client.peek('db')).toBe(first);
  expect(kms.requests.length).toBe(1);
  expect(client.stats()).toMatchObject({ hits: 2, misses: 1, fetches: 1 });
});

test('a read of a fresh value hands out the very object in memory', async () => {
  const { client } = setup();
  await client.get('db');

  expect(await client.get('db')).toBe(client.peek('db'));
});

test('readers of a fresh value share one promise, and those after a refresh another', async () => {
  const { client, kms } = setup();
  await client.get('db');

  const first = client.get('db');
  const second = client.get('db');
  kms.put('db', 'v2');
  await client.refresh('db');

  expect(second).toBe(first);
  expect([(await first).versionId, (await client.get('db')).versionId]).toEqual(['v1', 'v2']);
});

test('10,000 readers of a name never seen make one request and get the same object', async () => {
  const { client, kms } = setup();

  const secrets = await Promise.all(Array.from({ length: 10_000 }, () => client.get('db')));

  expect(new Set(secrets).size).toBe(1);
  expect(kms.requests.length).toBe(1);
});

test('readers of a name that fails get the same error', async () => {
  const { client } = setup();

  const outcomes = await Promise.allSettled([client.get('none'), client.get('none')]);
  const [first, second] = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));

  expect(isSecretError(first, 'ERR_SECRET_NOT_FOUND')).toBe(true);
  expect(second).toBe(first);
});

test('peek never waits and never asks', () => {
  const { client, kms } = setup();

  expect(client.peek('db')).toBeUndefined();
  expect(kms.requests).toEqual([]);
});

test('stages and versions are read and kept apart', async () => {
  const { client, kms } = setup();

  await client.get('db');
  await client.get('db', { stage: 'ACSPrevious' });
  await client.get('db', { versionId: 'v7' });
  await client.get('db', { versionId: 'v7', stage: 'ACSPrevious' });

  expect(kms.requests).toEqual([
    { name: 'db', stage: 'ACSCurrent', versionId: undefined },
    { name: 'db', stage: 'ACSPrevious', versionId: undefined },
    { name: 'db', stage: undefined, versionId: 'v7' },
    { name: 'db', stage: 'ACSPrevious', versionId: 'v7' },
  ]);
  expect(client.peek('db', { versionId: 'v7' })).toBe(await client.get('db', { versionId: 'v7' }));
});

test("the client's own stage named in a read hits what is kept", async () => {
  const { client, kms } = setup();
  await client.get('db');

  await client.get('db', { stage: 'ACSCurrent' });

  expect(kms.requests.length).toBe(1);
});

test('a client can read another stage where none is named', async () => {
  const { client, kms } = setup({ stage: 'ACSPrevious' });

  await client.get('db');

  expect(kms.requests).toMatchObject([{ stage: 'ACSPrevious' }]);
});

test('an ARN hits what it fetched, though KMS answers with the plain name', async () => {
  const { client, kms } = setup();
  const arn = 'acs:kms:cn-hangzhou:1234567890:secret/db';
  kms.put(arn, 'v1', { name: 'db' });

  await client.get(arn);
  const again = await client.get(arn);

  expect(again.name).toBe('db');
  expect(kms.requests.length).toBe(1);
});

test('an empty value is served like any other', async () => {
  const { client, kms } = setup();
  kms.put('empty', 'v1', { value: '' });

  expect((await client.get('empty')).text()).toBe('');
  await client.get('empty');
  expect(kms.requests.length).toBe(1);
});

test('a name not found is asked once in ten seconds, however often it is read', async () => {
  const { client, kms, clock } = setup();

  await expect(client.get('typo')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
  await clock.pass(9_999);
  await expect(client.get('typo')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
  expect(kms.requests.length).toBe(1);
  await clock.pass(1);
  await expect(client.get('typo')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });

  expect(kms.requests.length).toBe(2);
});

test('a refusal is not remembered if negativeTtl is 0', async () => {
  const { client, kms } = setup({ negativeTtl: 0 });
  await client.get('typo').catch(() => {});

  await client.get('typo').catch(() => {});

  expect(kms.requests.length).toBe(2);
});

test('a set is all of one moment: a rotation that comes meanwhile is in all of it or in none', async () => {
  const { client, kms, clock } = setup({ ttl: '1h' });
  kms.put('key', 'v1');
  await client.getMany(['db', 'key']);

  kms.put('db', 'v2');
  kms.put('key', 'v2');
  const [set] = await Promise.all([client.getMany(['db', 'key']), client.refresh('db')]);

  expect([set.db.versionId, set.key.versionId]).toEqual(['v1', 'v1']);
  await client.refresh('key');
  const renewed = await client.getMany(['db', 'key']);
  expect([renewed.db.versionId, renewed.key.versionId]).toEqual(['v2', 'v2']);
  await clock.pass(0);
});

test('a set that is not complete is one error that names all that failed', async () => {
  const { client, kms } = setup();
  kms.fail('denied', 'closed');

  const error: unknown = await client.getMany(['db', 'typo', 'closed']).catch((reason: unknown) => reason);

  expect(isSecretError(error, 'ERR_SECRET_SET')).toBe(true);
  expect(error).toMatchObject({
    errors: new Map([
      ['typo', expect.anything()],
      ['closed', expect.anything()],
    ]),
  });
  expect((error as Error).message).toMatch(/2 of 3 secrets could not be read.*typo.*closed/su);
});

test('a set of no names is empty, and a name given twice is there once', async () => {
  const { client } = setup();

  expect(Object.keys(await client.getMany([]))).toEqual([]);
  expect(Object.keys(await client.getMany(['db', 'db']))).toEqual(['db']);
});

test('a name like a property of every object is a name like any other', async () => {
  const { client, kms } = setup();
  kms.put('__proto__', 'v1');
  kms.put('constructor', 'v1');

  const set = await client.getMany(['__proto__', 'constructor']);

  expect(set['__proto__'].versionId).toBe('v1');
  expect(set.constructor.versionId).toBe('v1');
});

test.each([
  ['an empty name', ''],
  ['a name of 193 characters', 'x'.repeat(193)],
  ['a name with a line break', 'db\n'],
  ['no text', 42 as unknown as string],
  ['nothing', undefined as unknown as string],
])('%s is refused in words before anything is asked', async (_what, name) => {
  const { client, kms } = setup();

  await expect(client.get(name)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  await expect(client.refresh(name)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  expect(kms.requests).toEqual([]);
});

test.each(['a/b', '../../etc/passwd', 'bailian!secret-123', '数据库', 'x'.repeat(192)])(
  '%s is a name',
  async (name) => {
    const { client, kms } = setup();
    kms.put(name, 'v1');

    expect((await client.get(name)).name).toBe(name);
  },
);

test('an ARN may be longer than a name', async () => {
  const { client, kms } = setup();
  const arn = `acs:kms:cn-hangzhou:1234567890:secret/${'x'.repeat(192)}`;
  kms.put(arn, 'v1');

  expect((await client.get(arn)).versionId).toBe('v1');
});

test('a wrong option of a read is refused with what it may be', async () => {
  const { client } = setup();
  const wrong = { stages: 'ACSCurrent', versionId: 7 } as never;

  await expect(client.get('db', wrong)).rejects.toThrow(
    /versionId: expected the id of a version.*stages.*one of stage/su,
  );
});

test('invalidate makes the next read fetch, and what is under way is not kept', async () => {
  const { client, kms } = setup();
  await client.get('db');
  const late = client.refresh('db');
  void client.invalidate('db');

  kms.put('db', 'v2');
  await late;
  const next = await client.get('db');

  expect(next.versionId).toBe('v2');
  expect(kms.requests.length).toBe(3);
});

test('invalidate forgets all stages and versions of a name, its refusals, and nothing else', async () => {
  const { client, kms } = setup();
  kms.put('db2', 'v1');
  await client.getMany(['db', 'db2']);
  await client.get('db', { stage: 'ACSPrevious' });
  await client.get('typo').catch(() => {});

  void client.invalidate('db');
  void client.invalidate('typo');

  expect(client.peek('db')).toBeUndefined();
  expect(client.peek('db', { stage: 'ACSPrevious' })).toBeUndefined();
  expect(client.peek('db2')?.versionId).toBe('v1');
  expect(client.stats().refusals).toBe(0);
});

test('refresh fetches what is fresh, and resolves to what came', async () => {
  const { client, kms } = setup();
  await client.get('db');
  kms.put('db', 'v2');

  expect((await client.refresh('db')).versionId).toBe('v2');
  expect(client.peek('db')?.versionId).toBe('v2');
});

test('refresh rejects with the cause, and the old value stays', async () => {
  const { client, kms, clock } = setup();
  await client.get('db');
  kms.fail('unavailable');

  const refreshed = client.refresh('db');
  refreshed.catch(() => {});
  await clock.pass('10s');

  await expect(refreshed).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE', secretName: 'db' });
  expect(client.peek('db')?.versionId).toBe('v1');
});

test('refresh of a refused name asks at once', async () => {
  const { client, kms } = setup();
  await client.get('new').catch(() => {});
  kms.put('new', 'v1');

  expect((await client.refresh('new')).versionId).toBe('v1');
  expect((await client.get('new')).versionId).toBe('v1');
});
