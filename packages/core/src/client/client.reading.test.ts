import { FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { isSecretError } from '../secret/errors.ts';
import type { SecretClient } from './client.ts';
import { setUpClient } from './client.fixture.ts';
import type { ClientFixtureOptions } from './client.fixture.ts';

test('returns the same object from memory without another request', async () => {
  const { client, kms } = setUpClient();

  const first = await client.get('db');
  const second = await client.get('db');

  expect(second).toBe(first);
  expect(client.peek('db')).toBe(first);
  expect(kms.requests.length).toBe(1);
  expect(client.stats()).toMatchObject({ hits: 2, misses: 1, fetches: 1 });
});

test('get() and peek() return the same object', async () => {
  const { client } = setUpClient();
  await client.get('db');

  expect(await client.get('db')).toBe(client.peek('db'));
});

test('reads of a fresh value share one promise until the next refresh', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');

  const first = client.get('db');
  const second = client.get('db');
  kms.put('db', 'v2');
  await client.refresh('db');

  expect(second).toBe(first);
  expect([(await first).versionId, (await client.get('db')).versionId]).toEqual(['v1', 'v2']);
});

test('10,000 first reads make one request and get the same object', async () => {
  const { client, kms } = setUpClient();

  const secrets = await Promise.all(Array.from({ length: 10_000 }, () => client.get('db')));

  expect(new Set(secrets).size).toBe(1);
  expect(kms.requests.length).toBe(1);
});

test('concurrent first reads share their timers', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('hang');
  const reads = Array.from({ length: 1_000 }, () => client.get('db').catch(() => {}));

  await clock.pass(0);

  expect(clock.pendingTimers).toBeLessThan(10);
  await client.close();
  await Promise.all(reads);
});

test('concurrent reads that fail get the same error', async () => {
  const { client } = setUpClient();

  const outcomes = await Promise.allSettled([client.get('none'), client.get('none')]);
  const [first, second] = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : undefined));

  expect(isSecretError(first, 'ERR_SECRET_NOT_FOUND')).toBe(true);
  expect(second).toBe(first);
});

test('a caller cannot change the secret that others receive', async () => {
  const { client } = setUpClient();
  const secret = await client.get('db');

  expect(() => Object.assign(secret, { versionId: 'evil', text: () => 'evil' })).toThrow(TypeError);
});

test('peek() sends no request', () => {
  const { client, kms } = setUpClient();

  expect(client.peek('db')).toBeUndefined();
  expect(kms.requests).toEqual([]);
});

test('caches stages and versions separately', async () => {
  const { client, kms } = setUpClient();

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

test('a read with the default stage hits the cached secret', async () => {
  const { client, kms } = setUpClient();
  await client.get('db');

  await client.get('db', { stage: 'ACSCurrent' });

  expect(kms.requests.length).toBe(1);
});

test('reads the configured default stage', async () => {
  const { client, kms } = setUpClient({ stage: 'ACSPrevious' });

  await client.get('db');

  expect(kms.requests).toMatchObject([{ stage: 'ACSPrevious' }]);
});

test('caches a secret under the ARN although KMS returns the plain name', async () => {
  const { client, kms } = setUpClient();
  const arn = 'acs:kms:cn-hangzhou:1234567890:secret/db';
  kms.put(arn, 'v1', { name: 'db' });

  await client.get(arn);
  const again = await client.get(arn);

  expect(again.name).toBe('db');
  expect(kms.requests.length).toBe(1);
});

test.each<[string, ClientFixtureOptions]>([
  ['12 s', {}],
  ['10 min', {}],
  ['12 s, with a long attempt', { attemptTimeout: '9s' }],
  ['12 s, with a store', { store: new FakeStore() }],
])('a read makes another attempt after a suspension of %s', async (length, options) => {
  const { client, clock, kms } = setUpClient(options);
  kms.fail('hang');
  const read = client.get('db');
  read.catch(() => {});
  await clock.pass(300);

  clock.freeze(length.startsWith('10') ? '10m' : '12s');
  kms.heal();
  await clock.pass('2s');

  expect((await read).versionId).toBe('v1');
});

test('a suspension extends a read once, by five seconds', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('hang');
  const read = client.get('db').catch((error: unknown) => error);
  await clock.pass(300);

  clock.freeze('12s');
  await clock.pass('5s');

  expect(await read).toMatchObject({ code: 'ERR_DEADLINE_EXCEEDED' });
});

test('ready() makes another attempt after the process was suspended', async () => {
  const { client, clock, kms } = setUpClient({ preload: ['db'] });
  kms.fail('hang');
  const ready = client.ready();
  ready.catch(() => {});
  await clock.pass(300);

  clock.freeze('10m');
  kms.heal();
  await clock.pass('2s');

  await expect(ready).resolves.toBeUndefined();
});

test('caches an empty value', async () => {
  const { client, kms } = setUpClient();
  kms.put('empty', 'v1', { value: '' });

  expect((await client.get('empty')).text()).toBe('');
  await client.get('empty');
  expect(kms.requests.length).toBe(1);
});

test('requests a missing name once in ten seconds', async () => {
  const { client, kms, clock } = setUpClient();

  await expect(client.get('typo')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
  await clock.pass(9_999);
  await expect(client.get('typo')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });
  expect(kms.requests.length).toBe(1);
  await clock.pass(1);
  await expect(client.get('typo')).rejects.toMatchObject({ code: 'ERR_SECRET_NOT_FOUND' });

  expect(kms.requests.length).toBe(2);
});

test('does not cache a refusal with negativeTtl 0', async () => {
  const { client, kms } = setUpClient({ negativeTtl: 0 });
  await client.get('typo').catch(() => {});

  await client.get('typo').catch(() => {});

  expect(kms.requests.length).toBe(2);
});

test('requests a secret with a malformed response once', async () => {
  const { client, kms } = setUpClient();
  kms.fail('malformed', 'odd');

  for (let read = 0; read < 5; read += 1) await client.get('odd').catch(() => {});

  expect(kms.requests.length).toBe(1);
});

test('getMany() returns values of one moment during a rotation', async () => {
  const { client, kms, clock } = setUpClient({ ttl: '1h' });
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

test('getMany() returns the values in memory when its last member arrives', async () => {
  const { client, clock, kms } = setUpClient({ names: ['db', 'key'] });
  await client.get('db');
  kms.delayResponses(100, clock);
  const set = client.getMany(['db', 'key']);
  await clock.pass(50);

  kms.put('db', 'v2');
  kms.delayResponses(0, clock);
  const refreshed = client.refresh('db');
  await clock.pass(100);
  await refreshed;

  expect((await set).db.versionId).toBe('v2');
});

test('getMany() rejects with the reason of an aborted signal', async () => {
  const { client, clock, kms } = setUpClient();
  kms.fail('hang');
  const controller = new AbortController();
  const reason = new Error('no longer needed');
  const set = client.getMany(['db'], { signal: controller.signal });
  set.catch(() => {});
  await clock.pass(10);

  controller.abort(reason);

  await expect(set).rejects.toBe(reason);
});

test.each(['untrusted', 'rejected', 'malformed'] as const)(
  'getMany() returns the cached value after a refresh that failed as %s',
  async (failure) => {
    const { client, kms } = setUpClient();
    await client.get('db');
    kms.fail(failure);
    await client.refresh('db').catch(() => {});

    const { db } = await client.getMany(['db']);

    expect(db.versionId).toBe('v1');
  },
);

test('getMany() rejects with one error that lists all failures', async () => {
  const { client, kms } = setUpClient();
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

test('getMany() accepts no names, and the same name twice', async () => {
  const { client } = setUpClient();

  expect(Object.keys(await client.getMany([]))).toEqual([]);
  expect(Object.keys(await client.getMany(['db', 'db']))).toEqual(['db']);
});

test('getMany() takes an object whose members have stages and versions', async () => {
  const { client, kms } = setUpClient();

  const set = await client.getMany({ current: 'db', previous: { name: 'db', stage: 'ACSPrevious' } });

  expect(Object.keys(set)).toEqual(['current', 'previous']);
  expect(set.previous.name).toBe('db');
  expect(kms.requests).toMatchObject([{ stage: 'ACSCurrent' }, { stage: 'ACSPrevious' }]);
});

test('getMany() lists the keys of the object that failed', async () => {
  const { client } = setUpClient();

  const read = client.getMany({ main: 'db', typo: { name: 'none', versionId: 'v7' } });

  await expect(read).rejects.toMatchObject({ errors: new Map([['typo', expect.anything()]]) });
});

test.each<[string, (client: SecretClient, options: never) => unknown]>([
  ['getMany', (client, options) => client.getMany(['db'], options)],
  ['get', (client, options) => client.get('db', options)],
  ['refresh', (client, options) => client.refresh('db', options)],
  ['peek', (client, options) => client.peek('db', options)],
  ['handle', (client, options) => client.handle('db', options)],
])('%s() refuses options that are no object', async (_, call) => {
  const { client } = setUpClient();
  await client.get('db');

  for (const options of [null, 'ACSCurrent', 42]) {
    await expect((async () => call(client, options as never))()).rejects.toMatchObject({
      code: 'ERR_REQUEST_REJECTED',
    });
  }
});

test.each([new Set(['db']), 'db', null, 42])('getMany() refuses %s', async (names) => {
  const { client } = setUpClient();

  await expect(client.getMany(names as never)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
});

test('getMany() accepts names of object properties', async () => {
  const { client, kms } = setUpClient();
  kms.put('__proto__', 'v1');
  kms.put('constructor', 'v1');

  const set = await client.getMany(['__proto__', 'constructor']);

  expect(Object.keys(set)).toEqual(['__proto__', 'constructor']);
  expect(set['__proto__'].versionId).toBe('v1');
  expect(set.constructor.versionId).toBe('v1');
});

test.each([
  ['an empty name', ''],
  ['a name of 193 characters', 'x'.repeat(193)],
  ['a name with a line break', 'db\n'],
  ['a number', 42 as unknown as string],
  ['undefined', undefined as unknown as string],
])('refuses %s without a request', async (_what, name) => {
  const { client, kms } = setUpClient();

  await expect(client.get(name)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  await expect(client.refresh(name)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  expect(kms.requests).toEqual([]);
});

test.each(['a/b', '../../etc/passwd', 'bailian!secret-123', '数据库', 'x'.repeat(192)])(
  'accepts the name %s',
  async (name) => {
    const { client, kms } = setUpClient();
    kms.put(name, 'v1');

    expect((await client.get(name)).name).toBe(name);
  },
);

test('accepts an ARN that is longer than a name may be', async () => {
  const { client, kms } = setUpClient();
  const arn = `acs:kms:cn-hangzhou:1234567890:secret/${'x'.repeat(192)}`;
  kms.put(arn, 'v1');

  expect((await client.get(arn)).versionId).toBe('v1');
});

test('refuses a stage with a line break, and an ARN that is too long', async () => {
  const { client, kms } = setUpClient();
  const longArn = `acs:kms:r:1:secret/${'x/'.repeat(100_000)}`;

  await expect(client.get('db', { stage: 'x\nevil' })).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  await expect(client.get(longArn)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
  expect(kms.requests).toEqual([]);
});

test('refuses invalid read options and lists the valid ones', async () => {
  const { client } = setUpClient();
  const wrong = { stages: 'ACSCurrent', versionId: 7 } as never;

  await expect(client.get('db', wrong)).rejects.toThrow(
    /versionId: expected the id of a version.*stages.*one of stage/su,
  );
});

test('refuses read options that are no object', async () => {
  const { client } = setUpClient();

  await expect(client.get('db', null as never)).rejects.toMatchObject({ code: 'ERR_REQUEST_REJECTED' });
});
