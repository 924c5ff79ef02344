import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock, FakeStore } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { SecretClient } from './client/client.ts';
import { collectLog, fakeMachine, startKms } from './client/client.fixture.ts';
import { createSecretClientOn } from './create-client.ts';
import { fileStore } from './file-store/file-store.ts';
import type { SecretClientOptions } from './options/options.ts';

const region = 'cn-hangzhou';

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly store: FakeStore;
  readonly lines: readonly string[];
}

/** A client of `kms`, in its own process as far as clock, store and files are concerned. */
function open(kms: FakeKms, options: SecretClientOptions, machine = fakeMachine()): Setup {
  const { logger, lines } = collectLog();
  const clock = new FakeClock({ date: kms.clock.date() });
  const store = new FakeStore();
  const endpoints = [{ endpoint: kms.endpoint(region).endpoint, caFilePath: kms.caFilePath }];
  const client = createSecretClientOn(machine, {
    endpoints,
    clock,
    logger,
    stores: store,
    ttl: '1m',
    retry: { maxAttempts: 1 },
    ...options,
  });
  onTestFinished(() => client.close());
  return { client, clock, store, lines };
}

const failsAtKms = (status: number, code: string) => (kms: FakeKms) => void kms.fault({ kind: 'error', status, code });

const rejected = 'ERR_IDENTITY_REJECTED';
const kmsCases: readonly (readonly [string, string, (kms: FakeKms) => void])[] = [
  ['a deleted access key', rejected, (kms) => kms.removeAccessKey(kms.accessKey.accessKeyId)],
  ['a disabled access key', rejected, (kms) => kms.disableAccessKey(kms.accessKey.accessKeyId)],
  ['a wrong clock', rejected, (kms) => kms.clock.pass(3_600_000)],
  ['an expired token', rejected, failsAtKms(400, 'InvalidSecurityToken.Expired')],
  ['a wrong signature', rejected, failsAtKms(400, 'SignatureDoesNotMatch')],
  ['an overdue bill', 'ERR_REQUEST_REJECTED', failsAtKms(403, 'Forbidden.InDebtOverdue')],
  [
    'a firewall in the place of KMS',
    'ERR_REQUEST_REJECTED',
    (kms) => void kms.fault({ kind: 'firewall', status: 403 }),
  ],
];

const accessKey = (kms: FakeKms): SecretClientOptions => ({ credentials: kms.accessKey });
const expiringUri = (kms: FakeKms): SecretClientOptions => {
  kms.credentialsUri.setLifetime(30);
  return { credentials: { type: 'credentials_uri', uri: kms.credentialsUri.url } };
};

const cases: readonly (readonly [string, (kms: FakeKms) => SecretClientOptions, string, (kms: FakeKms) => void])[] = [
  ...kmsCases.map(([what, code, fail]) => [what, accessKey, code, fail] as const),
  [
    'an issuer that returns expired credentials',
    expiringUri,
    'ERR_SECRET_UNAVAILABLE',
    (kms) => kms.credentialsUri.setLifetime(-60),
  ],
  [
    'an issuer with status 403',
    expiringUri,
    rejected,
    (kms) => void kms.credentialsUri.fault({ kind: 'firewall', status: 403 }),
  ],
  [
    'an issuer with status 404',
    expiringUri,
    rejected,
    (kms) => void kms.credentialsUri.fault({ kind: 'empty', status: 404 }),
  ],
];

test.each(cases)('serves the stale value and keeps the stored one: %s', async (...[, optionsFor, code, fail]) => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region] });
  const { client, clock, store } = open(kms, optionsFor(kms));
  await client.get('db');
  const dropped: unknown[] = [];
  client.on('dropped', (event) => dropped.push(event));
  fail(kms);
  // The temporary keys of an issuer have expired; the refresh is not due yet.
  await clock.pass('45s');
  const refresh: unknown = await client.refresh('db').catch((error: unknown) => error);
  await clock.pass('2m');

  const secret = await client.get('db');

  expect(refresh).toMatchObject({ code });
  expect([secret.text(), secret.stale]).toEqual(['s3cret-1', true]);
  expect(dropped).toEqual([]);
  expect(store.size).toBe(1);
});

const properties = (kms: FakeKms): string =>
  `credentials_access_key_id=${kms.accessKey.accessKeyId}\ncredentials_access_secret=s3cret-wrong\n`;

const sources: readonly (readonly [string, (kms: FakeKms) => Setup, RegExp])[] = [
  [
    'an access key of a file',
    (kms) => open(kms, {}, fakeMachine({}, { 'secretsmanager.properties': `# keys\n${properties(kms)}` })),
    /Identity: access key, set by .*secretsmanager\.properties:2\./u,
  ],
  [
    'an access key of variables',
    (kms) =>
      open(
        kms,
        {},
        fakeMachine({
          credentials_access_key_id: kms.accessKey.accessKeyId,
          credentials_access_secret: 's3cret-wrong',
        }),
      ),
    /Identity: access key, set by the variable credentials_access_key_id\./u,
  ],
  [
    'the default credentials chain',
    (kms) =>
      open(
        kms,
        {},
        fakeMachine({
          ALIBABA_CLOUD_ACCESS_KEY_ID: kms.accessKey.accessKeyId,
          ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's3cret-wrong',
        }),
      ),
    /Identity: the default credentials chain \(.*ALIBABA_CLOUD_ACCESS_KEY_ID.*\)\./u,
  ],
  [
    'an access key of code',
    (kms) => open(kms, { credentials: { ...kms.accessKey, accessKeySecret: 's3cret-wrong' } }),
    /Identity: a provider, set by the option credentials\.|Identity: access key, set by the option credentials\./u,
  ],
];

test.each(sources)('names the identity and where it was set: %s', async (...[, start, expected]) => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region] });
  const { client, lines } = start(kms);

  const error: unknown = await client.get('db').catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code: 'ERR_IDENTITY_REJECTED', message: expect.stringMatching(expected) as string });
  expect(String(error)).toContain('The access key secret does not match the access key id. Check the credentials.');
  expect(String(error) + lines.join()).not.toMatch(new RegExp(`s3cret-|${kms.accessKey.accessKeyId}`, 'u'));
});

const gateways = ['shared', 'instance'] as const;

test.each(gateways)('names the client key that the %s gateway rejects, and drops nothing', async (gateway) => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region], instances: ['kst-fake0001'] });
  const { keyId, keyFile: clientKeyFile, passwordFile: passwordFromFilePath } = kms.createClientKey({ gateway });
  const key = { clientKeyFile, passwordFromFilePath };
  const { endpoint } = kms.endpoint(gateway === 'shared' ? region : 'kst-fake0001');
  const { client, clock, store } = open(kms, {
    ...(gateway === 'shared' && { credentials: { type: 'client_key', ...key } }),
    endpoints: [{ endpoint, caFilePath: kms.caFilePath, ...(gateway === 'instance' && key) }],
  });
  await client.get('db');
  kms.removeAccessKey(keyId);
  await client.refresh('db').catch(() => {});
  await clock.pass('2m');
  const stale = await client.get('db');
  const error: unknown = await client.get('other').catch((thrown: unknown) => thrown);

  expect([stale.stale, store.size]).toEqual([true, 1]);
  expect(error).toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
  expect(String(error)).toContain('The client key does not exist or has expired. Create a new one in KMS.');
  expect(String(error)).toContain(`Identity: client key ${keyId}, set by`);
});

test('a process with a wrong key leaves the folder that it shares as it is', async () => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region] });
  const path = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const key = randomBytes(32);
  const start = (accessKeySecret: string): SecretClient =>
    open(kms, { credentials: { ...kms.accessKey, accessKeySecret }, stores: fileStore({ path, key }) }).client;
  const good = start(kms.accessKey.accessKeySecret);
  await good.get('db');
  await good.close();
  const bad = start('s3cret-wrong');

  const refresh = await bad.refresh('db').catch((error: unknown) => error);
  await bad.close();
  await kms.stop(region);

  expect(refresh).toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });
  expect((await start(kms.accessKey.accessKeySecret).get('db')).text()).toBe('s3cret-1');
});

test('one endpoint that accepts the credentials shows that the others do', async () => {
  const kms = await startKms({ db: 's3cret-1' }, { regions: [region, 'cn-shanghai'] });
  const endpoints = kms.endpoints.map(({ endpoint }) => ({ endpoint, caFilePath: kms.caFilePath }));
  const { client } = open(kms, { ...accessKey(kms), endpoints, hedge: false });
  await client.get('db');
  const fault = kms.fault({ kind: 'error', status: 400, code: 'InvalidAccessKeyId.Inactive' });
  await client.refresh('db').catch(() => {});
  const before = client.health();
  fault.heal();

  await client.refresh('db');

  expect([before.identity, before.endpoints.map(({ state }) => state)]).toEqual(['rejected', ['failing', 'failing']]);
  expect(client.health()).toMatchObject({ status: 'ok', identity: 'accepted' });
});
