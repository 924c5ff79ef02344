import { FakeClock } from '@kms-secrets/testing';
import type { FakeKms, FakeKmsOptions, RequestRecord } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createSecretClient } from '../create-client.ts';
import type { SecretClientOptions } from '../options/options.ts';
import { isSecretError } from '../secret/errors.ts';
import { busyMachine, startKms } from './client.fixture.ts';
import type { SecretClient } from './client.ts';

const names = Array.from({ length: 25 }, (_, index) => `name-${index}`);

/** A client of a KMS on loopback that preloads all names. */
async function setUp(
  options: SecretClientOptions = {},
  kmsOptions: FakeKmsOptions = {},
): Promise<{ readonly kms: FakeKms; readonly client: SecretClient }> {
  const secrets = Object.fromEntries(names.map((name) => [name, `s3cret-${name}`]));
  const kms = await startKms(secrets, { quota: false, ...kmsOptions });
  const client = createSecretClient({
    credentials: kms.accessKey,
    endpoints: kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath })),
    preload: names,
    ...busyMachine,
    ...options,
  });
  onTestFinished(() => client.close());
  return { kms, client };
}

const actions = (requests: readonly RequestRecord[]): readonly string[] =>
  requests.map(({ action, secretNames }) => `${action} of ${secretNames?.length ?? 1}`).toSorted();

test('preloads names in batches of 20', async () => {
  const { kms, client } = await setUp();

  await client.ready();

  expect(actions(kms.requests)).toEqual(['BatchGetSecretValue of 20', 'BatchGetSecretValue of 5']);
  expect(names.every((name) => client.peek(name)?.text() === `s3cret-${name}`)).toBe(true);
  expect(client.stats()).toMatchObject({ fetches: 25 });
});

test('getMany() requests each secret by itself', async () => {
  const { kms, client } = await setUp({ preload: [] });

  await client.ready();
  await client.getMany(names);

  expect(actions(kms.requests)).toEqual(names.map(() => 'GetSecretValue of 1'));
});

test('requests a single preloaded name at once, without a batch', async () => {
  // The clock stands still: a wait for more names would never end.
  const clock = new FakeClock({ date: Date.now() });
  const { kms, client } = await setUp({ clock, preload: names.slice(0, 1) });

  await client.ready();

  expect(actions(kms.requests)).toEqual(['GetSecretValue of 1']);
});

test('a refused name of a batch does not affect the others', async () => {
  const { kms, client } = await setUp({ secrets: { 'name-3': { optional: true } } });
  kms.deny('name-1');
  kms.remove('name-2');
  kms.disable('name-3');

  const error: unknown = await client.ready().catch((reason: unknown) => reason);

  const errors = isSecretError(error, 'ERR_SECRET_SET') ? [...error.errors] : [];
  expect(errors.map(([name, reason]) => [name, isSecretError(reason) ? reason.code : reason])).toEqual([
    ['name-1', 'ERR_ACCESS_DENIED'],
    ['name-2', 'ERR_SECRET_NOT_FOUND'],
  ]);
  expect(names.filter((name) => client.peek(name) === undefined)).toEqual(['name-1', 'name-2', 'name-3']);
  expect(actions(kms.requests)).toEqual(['BatchGetSecretValue of 20', 'BatchGetSecretValue of 5']);
});

test('sends no further batch to an endpoint without batch support', async () => {
  const { kms, client } = await setUp({}, { supportsBatch: false });

  await client.ready();
  for (const name of names) void client.invalidate(name);
  await client.ready();

  const batches = kms.requests.filter(({ action }) => action === 'BatchGetSecretValue');
  // The second one may be in flight before the response to the first.
  expect(batches.length).toBeGreaterThanOrEqual(1);
  expect(batches.length).toBeLessThanOrEqual(2);
  expect(kms.requests.length - batches.length).toBe(2 * names.length);
});

test('retries a throttled batch after its Retry-After', async () => {
  const clock = new FakeClock({ date: Date.now() });
  const long = { attemptTimeout: '1h', deadline: '1h', readyTimeout: '1h' } as const;
  const { kms, client } = await setUp({ clock, preload: names.slice(0, 5), ...long });
  const fault = kms.fault({ kind: 'throttle', retryAfter: 500 }, { times: 1 });
  const outcome: string[] = [];
  void client.ready().then(() => outcome.push('ready'));
  while (fault.hits === 0) await clock.pass(1);
  while (client.describe().endpoints[0]?.failures === 0) await clock.pass(0);

  await clock.pass(400);
  expect([outcome, actions(kms.requests)]).toEqual([[], ['BatchGetSecretValue of 5']]);
  while (outcome.length === 0) await clock.pass(10);

  expect(client.describe().endpoints[0]).toMatchObject({ attempts: 10, failures: 5 });
});

test('sends a batch that failed to the next endpoint as a batch', async () => {
  const { kms, client } = await setUp({ preload: names.slice(0, 20) }, { regions: ['cn-hangzhou', 'cn-shanghai'] });
  kms.fault({ kind: 'html', status: 502 }, { region: 'cn-hangzhou' });

  await client.ready();

  expect(kms.requests.map(({ region, secretNames }) => `${region} ${secretNames?.length}`).toSorted()).toEqual([
    'cn-hangzhou 20',
    'cn-shanghai 20',
  ]);
});

test('close() aborts a batch that hangs', async () => {
  const { kms, client } = await setUp();
  kms.fault({ kind: 'hang' });
  const ready = client.ready().catch((error: unknown) => (isSecretError(error) ? error.code : error));
  await expect.poll(() => kms.openRequests).toBe(2);

  await client.close();

  expect(await ready).toBe('ERR_CLIENT_CLOSED');
  await expect.poll(() => kms.openRequests).toBe(0);
});
