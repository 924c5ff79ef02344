import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms, FakeKmsOptions, RequestRecord } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { SecretClient } from './client.ts';
import { createSecretClient } from '../create-client.ts';
import { isSecretError } from '../secret/errors.ts';
import type { SecretClientOptions } from '../options/options.ts';

const names = Array.from({ length: 25 }, (_, index) => `name-${index}`);

async function start(
  options: SecretClientOptions = {},
  kmsOptions: FakeKmsOptions = {},
): Promise<{ readonly kms: FakeKms; readonly client: SecretClient }> {
  const kms = await startFakeKms({ quota: false, ...kmsOptions });
  onTestFinished(() => kms.close());
  for (const name of names) kms.put(name, `s3cret-${name}`, { versionId: 'v1' });
  const client = createSecretClient({
    credentials: kms.accessKey,
    endpoints: kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
    preload: names,
    ...options,
  });
  onTestFinished(() => client.close());
  return { kms, client };
}

const actions = (requests: readonly RequestRecord[]): readonly string[] =>
  requests.map(({ action, secretNames }) => `${action} of ${secretNames?.length ?? 1}`).toSorted();

test('names to preload are asked for by twenty, and are then fresh in memory', async () => {
  const { kms, client } = await start();

  await client.ready();

  expect(actions(kms.requests)).toEqual(['BatchGetSecretValue of 20', 'BatchGetSecretValue of 5']);
  expect(names.every((name) => client.peek(name)?.text() === `s3cret-${name}`)).toBe(true);
  expect(client.stats()).toMatchObject({ fetches: 25 });
});

test('reads that ready() does not make request each secret by itself', async () => {
  const { kms, client } = await start({ preload: [] });

  await client.ready();
  await client.getMany(names);

  expect(kms.requests.every(({ action }) => action === 'GetSecretValue')).toBe(true);
});

test('a single name to preload is requested by itself, without waiting for others', async () => {
  const clock = new FakeClock({ date: Date.now() });
  const { kms, client } = await start({ clock, preload: names.slice(0, 1) });

  await client.ready();

  expect(actions(kms.requests)).toEqual(['GetSecretValue of 1']);
});

test('what is refused in a batch is told name by name, and the rest is there', async () => {
  const { kms, client } = await start({ secrets: { 'name-3': { optional: true } } });
  kms.deny('name-1');
  kms.remove('name-2');
  kms.disable('name-3');

  const error: unknown = await client.ready().catch((thrown: unknown) => thrown);

  const errors = isSecretError(error, 'ERR_SECRET_SET') ? [...error.errors] : [];
  expect(errors.map(([name, reason]) => [name, isSecretError(reason) ? reason.code : reason])).toEqual([
    ['name-1', 'ERR_ACCESS_DENIED'],
    ['name-2', 'ERR_SECRET_NOT_FOUND'],
  ]);
  expect(names.filter((name) => client.peek(name) === undefined)).toEqual(['name-1', 'name-2', 'name-3']);
  expect(actions(kms.requests)).toEqual(['BatchGetSecretValue of 20', 'BatchGetSecretValue of 5']);
});

test('an endpoint that does not know the action is asked for each by itself, and not for a batch again', async () => {
  const { kms, client } = await start({}, { supportsBatch: false });

  await client.ready();
  for (const name of names) void client.invalidate(name);
  await client.ready();

  const batches = kms.requests.filter(({ action }) => action === 'BatchGetSecretValue');
  // Both were under way before the answer to the first had come.
  expect(batches).toHaveLength(2);
  expect(kms.requests.length - batches.length).toBe(2 * names.length);
});

test('a batch that is throttled is tried again like any fetch, when KMS wants to be asked again', async () => {
  const clock = new FakeClock({ date: Date.now() });
  const long = { attemptTimeout: '1h', deadline: '1h', readyTimeout: '1h' } as const;
  const { kms, client } = await start({ clock, preload: names.slice(0, 5), ...long });
  const fault = kms.fault({ kind: 'throttle', retryAfter: 500 }, { times: 1 });
  const ready: string[] = [];
  void client.ready().then(() => ready.push('ready'));
  while (fault.hits === 0) await clock.pass(1);
  while (client.describe().endpoints[0]?.failures === 0) await clock.pass(0);

  await clock.pass(400);
  expect([ready, actions(kms.requests)]).toEqual([[], ['BatchGetSecretValue of 5']]);
  while (ready.length === 0) await clock.pass(10);

  expect(client.describe().endpoints[0]).toMatchObject({ attempts: 10, failures: 5 });
});

test('a batch that meets an endpoint out of order goes to the next one, together again', async () => {
  const { kms, client } = await start({}, { regions: ['cn-hangzhou', 'cn-shanghai'] });
  kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou' });

  await client.ready();

  expect(kms.requests.map(({ region, secretNames }) => `${region} ${secretNames?.length}`).toSorted()).toEqual([
    'cn-hangzhou 20',
    'cn-hangzhou 5',
    'cn-shanghai 20',
    'cn-shanghai 5',
  ]);
});

test('closing the client ends a batch that hangs', async () => {
  const { kms, client } = await start();
  kms.fault({ kind: 'hang' });
  const ready = client.ready().catch((error: unknown) => (isSecretError(error) ? error.code : error));
  while (kms.openRequests < 2) await new Promise((resolve) => setImmediate(resolve));

  await client.close();

  expect(await ready).toBe('ERR_CLIENT_CLOSED');
  while (kms.openRequests > 0) await new Promise((resolve) => setImmediate(resolve));
});
