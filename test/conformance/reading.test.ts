import { createSecretClient, isSecretError } from '@kms-secrets/core';
import type { AnySecretError, SecretClient, SecretClientOptions, SecretErrorCode } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';

interface Stage {
  readonly client: SecretClient;
  readonly kms: FakeTransport;
  readonly clock: FakeClock;
}

function stage(options: SecretClientOptions = {}): Stage {
  const clock = new FakeClock();
  const kms = new FakeTransport('kms.first.example');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '1m', ...options });
  return { client, kms, clock };
}

/** What a promise rejected with; a promise that does not is a failure of the test. */
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('It was to be rejected.'),
    (error: unknown) => error,
  );
}

function asError<Code extends SecretErrorCode>(error: unknown, code: Code): Extract<AnySecretError, { code: Code }> {
  if (isSecretError(error, code)) return error;
  throw new Error(`This is no ${code}.`, { cause: error });
}

test('a fresh secret is had without waiting, and it is the same object every time', async () => {
  const { client, kms } = stage();
  kms.put('db', 'v1');
  const first = await client.get('db');

  const peeked = [client.peek('db'), client.peek('db'), await client.get('db')];

  expect(peeked.every((secret) => secret === first)).toBe(true);
  expect(client.peek('other')).toBeUndefined();
  expect(kms.requests).toHaveLength(1);
});

test('ten thousand readers at once make one request and get one object', async () => {
  const { client, kms } = stage();
  kms.put('db', 'v1');

  const secrets = await Promise.all(Array.from({ length: 10_000 }, () => client.get('db')));

  expect(new Set(secrets).size).toBe(1);
  expect(kms.requests).toHaveLength(1);
});

test('readers of one failing fetch get one error', async () => {
  const { client, kms } = stage();
  kms.fail('denied');

  const errors = await Promise.all(Array.from({ length: 100 }, () => rejection(client.get('db'))));

  expect(new Set(errors).size).toBe(1);
  expect(isSecretError(errors[0], 'ERR_ACCESS_DENIED')).toBe(true);
});

test('JSON is parsed once and every reader gets the same frozen object', async () => {
  const { client, kms } = stage();
  kms.put('db', 'v1', { value: '{"user":"app","inner":{"password":"s3cret-one"}}' });

  const [first, second] = [(await client.get('db')).json(), (await client.get('db')).json()];

  expect(first === second).toBe(true);
  expect(Object.isFrozen(first)).toBe(true);
  expect(first).toMatchObject({ user: 'app' });
});

test('a secret asked for as another kind says which it is and which was asked for', async () => {
  const { client, kms } = stage();
  kms.put('key', 'v1', { dataType: 'binary' });
  kms.put('db', 'v1');
  const [binary, text] = [await client.get('key'), await client.get('db')];

  const asText = { code: 'ERR_SECRET_TYPE', secretName: 'key', expected: 'text', actual: 'binary' };
  expect(() => binary.text()).toThrow(expect.objectContaining(asText));
  expect(() => binary.text()).toThrow(/"key".*text.*binary/u);
  const asBytes = { code: 'ERR_SECRET_TYPE', secretName: 'db', expected: 'binary', actual: 'text' };
  expect(() => text.bytes()).toThrow(expect.objectContaining(asBytes));
  expect(() => text.json()).toThrow(expect.objectContaining({ code: 'ERR_SECRET_TYPE', secretName: 'db' }));
});

test('bytes are the UTF-8 of what KMS holds, or what it stands for in base64', async () => {
  const { client, kms } = stage();
  kms.put('utf8', 'v1', { dataType: 'binary', value: 's3cret-ключ' });
  kms.put('base64', 'v1', { dataType: 'binary', value: Buffer.from([0, 255, 128, 10]).toString('base64') });

  const [utf8, base64] = [
    (await client.get('utf8')).bytes(),
    (await client.get('base64')).bytes({ encoding: 'base64' }),
  ];

  expect(Buffer.from(utf8).equals(Buffer.from('s3cret-ключ'))).toBe(true);
  expect([...base64]).toEqual([0, 255, 128, 10]);
});

test('each stage, each version and each way to write the name is remembered by itself', async () => {
  const { client, kms } = stage();
  const arn = 'acs:kms:cn-hangzhou:1234567890123456:secret/db';
  for (const name of ['db', arn]) kms.put(name, 'v1');
  const ways = [
    () => client.get('db'),
    () => client.get('db', { stage: 'ACSPrevious' }),
    () => client.get('db', { versionId: 'v1' }),
    () => client.get(arn),
  ];

  for (const read of [...ways, ...ways]) await read();

  expect(kms.requests.map(({ name, stage: asked, versionId }) => [name, asked, versionId])).toEqual([
    ['db', 'ACSCurrent', undefined],
    ['db', 'ACSPrevious', undefined],
    ['db', undefined, 'v1'],
    [arn, 'ACSCurrent', undefined],
  ]);
});

test('an aborted read ends at once with the reason given, and the fetch goes on for the others', async () => {
  const { client, kms, clock } = stage();
  kms.put('db', 'v1');
  kms.fail('hang', 'db');
  const controller = new AbortController();
  const reason = new Error('The request was withdrawn.');
  const left = rejection(client.get('db', { signal: controller.signal }));
  const stayed = client.get('db');
  await clock.pass(1);

  controller.abort(reason);

  expect((await left) === reason).toBe(true);
  kms.put('db', 'v1');
  await clock.pass('5s');
  expect((await stayed).versionId).toBe('v1');
});

test('a read with a signal that has fired asks nothing', async () => {
  const { client, kms } = stage();
  const reason = new Error('The request was withdrawn.');

  expect((await rejection(client.get('db', { signal: AbortSignal.abort(reason) }))) === reason).toBe(true);
  expect(kms.requests).toHaveLength(0);
});

test('the error of a read that failed lists every endpoint asked and why it failed', async () => {
  const [first, second] = [new FakeTransport('kms.first.example'), new FakeTransport('kms.second.example')];
  first.fail('unreachable');
  second.fail('throttled');
  const { client, clock } = stage({ endpoints: [first, second], tries: 2 });

  const [error] = await Promise.all([rejection(client.get('prod/db')), clock.pass('10s')]);

  const unavailable = asError(error, 'ERR_SECRET_UNAVAILABLE');
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

test('secrets read as a set come whole or not at all, with one error that names all that are missing', async () => {
  const { client, kms } = stage();
  kms.put('db', 'v1');
  kms.fail('denied', 'cache');

  const error = await rejection(client.getMany(['db', 'cache', 'queue']));

  const { errors } = asError(error, 'ERR_SECRET_SET');
  expect([...errors].map(([name, why]) => [name, isSecretError(why) ? why.code : undefined])).toEqual([
    ['cache', 'ERR_ACCESS_DENIED'],
    ['queue', 'ERR_SECRET_NOT_FOUND'],
  ]);
});

test('an outage, a rotation and a refusal are told as events, the outage once', async () => {
  const { client, kms, clock } = stage();
  const told: string[] = [];
  for (const name of ['stale', 'rotated', 'dropped', 'endpoint'] as const) client.on(name, () => told.push(name));
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

  expect(told.filter((name) => name === 'stale')).toHaveLength(1);
  expect(told.filter((name) => name === 'rotated')).toHaveLength(1);
  expect(told.filter((name) => name === 'dropped')).toHaveLength(1);
  expect(told.filter((name) => name === 'endpoint').length).toBeGreaterThanOrEqual(2);
});

test('a listener that throws, or rejects, ends neither the read nor the refreshing', async () => {
  const { client, kms, clock } = stage({ idleTtl: 0 });
  for (const name of ['refreshed', 'rotated', 'stale', 'failed', 'dropped', 'endpoint'] as const) {
    client.on(name, () => {
      throw new Error('A listener of mine is broken.');
    });
    client.on(name, () => Promise.reject(new Error('Another is, too.')) as unknown as void); // as untyped code would
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

test('a logger or a hook that throws harms no read', async () => {
  const broken = (): never => {
    throw new Error('It is broken.');
  };
  const { client, kms } = stage({
    logger: { debug: broken, info: broken, warn: broken, error: broken },
    hook: { recover: broken },
  });
  kms.put('db', 'v1', { value: '{"password":"s3cret-one","ttl":1}' });
  kms.fail('rejected', 'other');

  expect((await client.get('db')).versionId).toBe('v1');
  expect(isSecretError(await rejection(client.get('other')), 'ERR_REQUEST_REJECTED')).toBe(true);
});
