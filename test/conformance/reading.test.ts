import { createSecretClient, isSecretError } from '@kms-secrets/core';
import type { AnySecretError, SecretClient, SecretClientOptions, SecretErrorCode } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';

interface Fixture {
  readonly client: SecretClient;
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
}

function setup(options: SecretClientOptions = {}): Fixture {
  const clock = new FakeClock();
  const kms = new FakeTransport('kms.first.example');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '1m', ...options });
  return { client, kms, clock };
}

/** The reason that a promise rejects with. Fails the test if it resolves. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('Expected a rejection, but the promise resolved.'),
    (error: unknown) => error,
  );
}

function expectCode<Code extends SecretErrorCode>(error: unknown, code: Code): Extract<AnySecretError, { code: Code }> {
  if (isSecretError(error, code)) return error;
  throw new Error(`Expected an error with the code ${code}.`, { cause: error });
}

test('a fresh secret is returned synchronously, as the same object every time', async () => {
  const { client, kms } = setup();
  kms.put('db', 'v1');
  const first = await client.get('db');

  const peeked = [client.peek('db'), client.peek('db'), await client.get('db')];

  expect(peeked.every((secret) => secret === first)).toBe(true);
  expect(client.peek('other')).toBeUndefined();
  expect(kms.requests).toHaveLength(1);
});

test('10,000 concurrent readers share one request and one object', async () => {
  const { client, kms } = setup();
  kms.put('db', 'v1');

  const secrets = await Promise.all(Array.from({ length: 10_000 }, () => client.get('db')));

  expect(new Set(secrets).size).toBe(1);
  expect(kms.requests).toHaveLength(1);
});

test('readers of one failed fetch get the same error object', async () => {
  const { client, kms } = setup();
  kms.fail('denied');

  const errors = await Promise.all(Array.from({ length: 100 }, () => rejection(client.get('db'))));

  expect(new Set(errors).size).toBe(1);
  expect(isSecretError(errors[0], 'ERR_ACCESS_DENIED')).toBe(true);
});

test('JSON is parsed once, and every reader gets the same frozen object', async () => {
  const { client, kms } = setup();
  kms.put('db', 'v1', { value: '{"user":"app","inner":{"password":"s3cret-one"}}' });

  const [first, second] = [(await client.get('db')).json(), (await client.get('db')).json()];

  expect(first === second).toBe(true);
  expect(Object.isFrozen(first)).toBe(true);
  expect(first).toMatchObject({ user: 'app' });
});

test('reading a secret as the wrong type throws an error with both types', async () => {
  const { client, kms } = setup();
  kms.put('key', 'v1', { dataType: 'binary' });
  kms.put('db', 'v1');
  const binary = await client.get('key');
  const text = await client.get('db');

  const asText = { code: 'ERR_SECRET_TYPE', secretName: 'key', expected: 'text', actual: 'binary' };
  expect(() => binary.text()).toThrow(expect.objectContaining(asText));
  expect(() => binary.text()).toThrow(/"key".*text.*binary/u);
  const asBytes = { code: 'ERR_SECRET_TYPE', secretName: 'db', expected: 'binary', actual: 'text' };
  expect(() => text.bytes()).toThrow(expect.objectContaining(asBytes));
  expect(() => text.json()).toThrow(expect.objectContaining({ code: 'ERR_SECRET_TYPE', secretName: 'db' }));
});

test('bytes are the UTF-8 encoding of the value, or decoded from base64', async () => {
  const { client, kms } = setup();
  kms.put('utf8', 'v1', { dataType: 'binary', value: 's3cret-ключ' });
  kms.put('base64', 'v1', { dataType: 'binary', value: Buffer.from([0, 255, 128, 10]).toString('base64') });

  const utf8 = (await client.get('utf8')).bytes();
  const base64 = (await client.get('base64')).bytes({ encoding: 'base64' });

  expect(Buffer.from(utf8).equals(Buffer.from('s3cret-ключ'))).toBe(true);
  expect([...base64]).toEqual([0, 255, 128, 10]);
});

test('each stage, each version and each form of the name is cached separately', async () => {
  const { client, kms } = setup();
  const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret/db';
  for (const name of ['db', arn]) kms.put(name, 'v1');
  const reads = [
    () => client.get('db'),
    () => client.get('db', { stage: 'ACSPrevious' }),
    () => client.get('db', { versionId: 'v1' }),
    () => client.get(arn),
  ];

  for (const read of [...reads, ...reads]) await read();

  expect(kms.requests.map(({ name, stage, versionId }) => [name, stage, versionId])).toEqual([
    ['db', 'ACSCurrent', undefined],
    ['db', 'ACSPrevious', undefined],
    ['db', undefined, 'v1'],
    [arn, 'ACSCurrent', undefined],
  ]);
});

test('an abort ends only its own read, with the given reason', async () => {
  const { client, kms, clock } = setup();
  kms.put('db', 'v1');
  kms.fail('hang', 'db');
  const controller = new AbortController();
  const reason = new Error('aborted by the caller');
  const aborted = rejection(client.get('db', { signal: controller.signal }));
  const other = client.get('db');
  await clock.pass(1);

  controller.abort(reason);

  expect((await aborted) === reason).toBe(true);
  kms.put('db', 'v1');
  await clock.pass('5s');
  expect((await other).versionId).toBe('v1');
});

test('a read with an aborted signal makes no request', async () => {
  const { client, kms } = setup();
  const reason = new Error('aborted by the caller');

  expect((await rejection(client.get('db', { signal: AbortSignal.abort(reason) }))) === reason).toBe(true);
  expect(kms.requests).toHaveLength(0);
});

test('the error of a failed read lists every attempt with its endpoint and failure', async () => {
  const first = new FakeTransport('kms.first.example');
  const second = new FakeTransport('kms.second.example');
  first.fail('unreachable');
  second.fail('throttled');
  const { client, clock } = setup({ endpoints: [first, second], retry: { maxAttempts: 2 } });

  const [error] = await Promise.all([rejection(client.get('prod/db')), clock.pass('10s')]);

  const unavailable = expectCode(error, 'ERR_SECRET_UNAVAILABLE');
  expect(unavailable.attempts.map(({ endpoint, failure }) => [endpoint, failure])).toEqual([
    ['kms.first.example', 'unreachable'],
    ['kms.second.example', 'throttled'],
    ['kms.first.example', 'unreachable'],
    ['kms.second.example', 'throttled'],
  ]);
  expect(unavailable.attempts.some((attempt) => attempt.error === unavailable.cause)).toBe(true);
  for (const part of ['prod/db', 'kms.first.example', 'kms.second.example'])
    expect(unavailable.message).toContain(part);
});

test('getMany returns every secret, or one error that names all missing ones', async () => {
  const { client, kms } = setup();
  kms.put('db', 'v1');
  kms.fail('denied', 'cache');

  const error = await rejection(client.getMany(['db', 'cache', 'queue']));

  const { errors } = expectCode(error, 'ERR_SECRET_SET');
  expect([...errors].map(([name, cause]) => [name, isSecretError(cause) ? cause.code : undefined])).toEqual([
    ['cache', 'ERR_ACCESS_DENIED'],
    ['queue', 'ERR_SECRET_NOT_FOUND'],
  ]);
});

test('an outage, a rotation and a revocation emit events, the outage once', async () => {
  const { client, kms, clock } = setup();
  const events: string[] = [];
  for (const name of ['stale', 'rotated', 'dropped', 'endpoint'] as const) client.on(name, () => events.push(name));
  kms.put('db', 'v1');
  await client.get('db');
  kms.fail('unavailable');
  await clock.pass('5m');
  await client.get('db');
  kms.heal();
  kms.put('db', 'v2');
  await clock.pass('2m');
  kms.fail('denied', 'db');
  await clock.pass('2m');

  expect(events.filter((name) => name === 'stale')).toHaveLength(1);
  expect(events.filter((name) => name === 'rotated')).toHaveLength(1);
  expect(events.filter((name) => name === 'dropped')).toHaveLength(1);
  expect(events.filter((name) => name === 'endpoint').length).toBeGreaterThanOrEqual(2);
});

test('a listener that throws or rejects stops neither reads nor refreshes', async () => {
  const { client, kms, clock } = setup({ idleTtl: 0 });
  for (const name of ['refreshed', 'rotated', 'stale', 'failed', 'dropped', 'endpoint'] as const) {
    client.on(name, () => {
      throw new Error('The listener failed.');
    });
    client.on(name, () => Promise.reject(new Error('The listener failed.')) as unknown as void); // possible in JavaScript
  }
  kms.put('db', 'v1');
  await client.get('db');
  kms.fail('unavailable');
  await clock.pass('3m');
  kms.heal();
  kms.put('db', 'v2');
  await clock.pass('3m');
  kms.put('db', 'v3');
  await clock.pass('1m');

  expect(client.peek('db')).toMatchObject({ versionId: 'v3', stale: false });
});

test('a logger or a hook that throws does not fail a read', async () => {
  const failing = (): never => {
    throw new Error('failed');
  };
  const { client, kms } = setup({
    logger: { debug: failing, info: failing, warn: failing, error: failing },
    hook: { recover: failing },
  });
  kms.put('db', 'v1', { value: '{"password":"s3cret-one","ttl":1}' });
  kms.fail('rejected', 'other');

  expect((await client.get('db')).versionId).toBe('v1');
  expect(isSecretError(await rejection(client.get('other')), 'ERR_REQUEST_REJECTED')).toBe(true);
});
