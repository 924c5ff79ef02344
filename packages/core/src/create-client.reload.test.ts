import { FakeClock } from '@kms-secrets/testing';
import type { FakeClientKey, FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { SecretClient } from './client/client.ts';
import { collectLog, fakeMachine, startKms } from './client/client.fixture.ts';
import { createSecretClientOn } from './create-client.ts';
import type { SecretClientOptions } from './options/options.ts';

const region = 'cn-hangzhou';
const instance = 'kst-fake0001';

/** The files of a machine. A test replaces their content as another program does. */
type Files = Record<string, string>;

interface Setup {
  readonly client: SecretClient;
  readonly clock: FakeClock;
  readonly lines: readonly string[];
}

function open(kms: FakeKms, files: Files, options: SecretClientOptions): Setup {
  const { logger, lines } = collectLog();
  const clock = new FakeClock({ date: kms.clock.date() });
  const client = createSecretClientOn(fakeMachine({}, files), { clock, logger, ...options });
  onTestFinished(() => client.close());
  return { client, clock, lines };
}

const startRegionAndInstance = (): Promise<FakeKms> =>
  startKms({ db: 's3cret-1' }, { regions: [region], instances: [instance] });

function write(files: Files, { json, password }: FakeClientKey): void {
  files['key.json'] = json;
  files['password'] = `${password}\n`;
}

const keyFiles = { clientKeyFile: 'key.json', passwordFromFilePath: 'password' };

const places: readonly (readonly ['shared' | 'instance', (kms: FakeKms) => SecretClientOptions])[] = [
  [
    'shared',
    (kms) => ({
      credentials: { type: 'client_key', ...keyFiles },
      endpoints: [{ endpoint: kms.endpoint(region).endpoint, caFilePath: kms.caFilePath }],
    }),
  ],
  [
    'instance',
    (kms) => ({
      endpoints: [{ endpoint: kms.endpoint(instance).endpoint, caFilePath: kms.caFilePath, ...keyFiles }],
    }),
  ],
];

test.each(places)('reads the files of a rejected client key again: %s', async (gateway, optionsFor) => {
  const kms = await startRegionAndInstance();
  const [first, second] = [kms.createClientKey({ gateway }), kms.createClientKey({ gateway })];
  const files: Files = {};
  write(files, first);
  const { client, lines } = open(kms, files, optionsFor(kms));
  await client.get('db');
  write(files, second);
  kms.removeAccessKey(first.keyId);

  const secret = await client.refresh('db');

  expect(secret.text()).toBe('s3cret-1');
  expect(lines.join()).toContain(`was replaced in its file: it is now ${second.keyId}`);
  expect(lines.join()).not.toContain(second.password);
});

test.each(places)('uses a client key that was replaced while the old one is valid: %s', async (gateway, optionsFor) => {
  const kms = await startRegionAndInstance();
  const [first, second] = [kms.createClientKey({ gateway }), kms.createClientKey({ gateway })];
  const files: Files = {};
  write(files, first);
  const { client, clock, lines } = open(kms, files, optionsFor(kms));
  await client.get('db');
  write(files, second);

  await clock.pass('10s');
  await client.refresh('db');

  expect(lines.join()).toContain(second.keyId);
});

test('keeps the previous client key while its files are replaced', async () => {
  const kms = await startRegionAndInstance();
  const [first, second] = [kms.createClientKey({ gateway: 'shared' }), kms.createClientKey({ gateway: 'shared' })];
  const files: Files = {};
  write(files, first);
  const { client, clock, lines } = open(kms, files, places[0]?.[1](kms) ?? {});
  await client.get('db');

  files['key.json'] = second.json;
  for (const pause of ['10s', '10s'] as const) {
    await clock.pass(pause);
    await client.refresh('db');
  }
  const warnings = lines.filter((line) => line.startsWith('warn'));
  write(files, second);
  await clock.pass('10s');
  await client.refresh('db');

  expect(warnings).toEqual([
    expect.stringMatching(/cannot be read again: .*password.* The previous one stays in use/u),
  ]);
  expect(lines.findLast((line) => !line.startsWith('debug '))).toContain(second.keyId);
});

test('a client key that was not replaced is rejected', async () => {
  const kms = await startRegionAndInstance();
  const key = kms.createClientKey({ gateway: 'shared' });
  const files: Files = {};
  write(files, key);
  const { client } = open(kms, files, { ...places[0]?.[1](kms), retry: { maxAttempts: 1 } });
  kms.removeAccessKey(key.keyId);

  await expect(client.get('db')).rejects.toMatchObject({ code: 'ERR_IDENTITY_REJECTED' });

  expect(kms.requests).toHaveLength(1);
});

/** Temporary credentials, which the fake accepts until they are removed. */
function issue(kms: FakeKms, number: number): Record<string, string> {
  const accessKeyId = `STS.${number}`;
  const accessKeySecret = `s3cret-key-${number}`;
  const securityToken = `s3cret-token-${number}`;
  kms.addStsKey({ accessKeyId, accessKeySecret, securityToken, expiresAt: kms.clock.date() + 3_600_000 });
  return {
    credentials_type: 'sts',
    credentials_access_key_id: accessKeyId,
    credentials_access_secret: accessKeySecret,
    credentials_security_token: securityToken,
  };
}

function properties(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const endpointsOf = (kms: FakeKms): SecretClientOptions => ({
  endpoints: [{ endpoint: kms.endpoint(region).endpoint, caFilePath: kms.caFilePath }],
});

test('reads rejected credentials in a configuration file again', async () => {
  const kms = await startRegionAndInstance();
  const files: Files = { 'secretsmanager.properties': properties(issue(kms, 1)) };
  const { client, lines } = open(kms, files, endpointsOf(kms));
  await client.get('db');
  files['secretsmanager.properties'] = properties(issue(kms, 2));
  kms.removeAccessKey('STS.1');

  const secret = await client.refresh('db');

  expect(secret.text()).toBe('s3cret-1');
  expect(lines.join()).toContain('The credentials in the configuration file have changed');
  expect(lines.join()).not.toContain('s3cret-');
});

test('a rotated access key in a configuration file is used after 10 s', async () => {
  const kms = await startRegionAndInstance();
  const { accessKeyId, accessKeySecret } = kms.accessKey;
  const files: Files = { 'kms.properties': properties(issue(kms, 1)) };
  const { client, clock } = open(kms, files, { ...endpointsOf(kms), configFile: 'kms.properties' });
  await client.get('db');
  files['kms.properties'] = properties({
    credentials_type: 'ak',
    credentials_access_key_id: accessKeyId,
    credentials_access_secret: accessKeySecret,
  });

  await clock.pass('10s');
  await client.refresh('db');

  expect(kms.requests.map(({ accessKeyId: signer }) => signer)).toEqual(['STS.1', accessKeyId]);
});

test('keeps the credentials while the configuration file is incomplete', async () => {
  const kms = await startRegionAndInstance();
  const files: Files = { 'secretsmanager.properties': properties(issue(kms, 1)) };
  const { client, clock } = open(kms, files, endpointsOf(kms));
  await client.get('db');
  files['secretsmanager.properties'] = 'credentials_type=sts\ncredentials_access_key_id=STS.2\n';

  await clock.pass('10s');

  expect((await client.refresh('db')).stale).toBe(false);
});

test.each([
  ['is removed', undefined],
  ['has no credentials any more', 'KMS_SECRETS_TTL=1h\n'],
])('keeps the credentials if the configuration file %s', async (_, text) => {
  const kms = await startRegionAndInstance();
  const files: Files = { 'secretsmanager.properties': properties(issue(kms, 1)) };
  const { client, clock, lines } = open(kms, files, endpointsOf(kms));
  await client.get('db');
  if (text === undefined) delete files['secretsmanager.properties'];
  else files['secretsmanager.properties'] = text;

  await clock.pass('10s');

  expect((await client.refresh('db')).stale).toBe(false);
  expect(lines.join()).not.toContain('have changed');
});
