import { readFileSync } from 'node:fs';
import { FakeClock } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { busyMachine, collectLog, fakeMachine, startKms } from './client/client.fixture.ts';
import { createSecretClientOn } from './create-client.ts';
import type { EndpointOptions } from './options/endpoints.ts';
import { isSecretError } from './secret/errors.ts';

const startRegionAndInstance = (): Promise<FakeKms> =>
  startKms({ db: 's3cret-db' }, { regions: ['cn-hangzhou'], instances: ['kst-fake0001'] });

test('uses the protocol of each endpoint for an instance and a region', async () => {
  const kms = await startRegionAndInstance();
  const instanceKey = kms.createClientKey({ gateway: 'instance' });
  const environment = { ...kms.environment(), ...kms.environment({ instanceKey }) };
  const client = createSecretClientOn(fakeMachine(environment), busyMachine);
  onTestFinished(() => client.close());
  await client.get('db');
  await kms.stop('kst-fake0001');

  expect((await client.refresh('db')).stale).toBe(false);
  expect(kms.requests.map(({ protocol }) => protocol)).toEqual(['instance-api', 'acs3']);
});

test('requests credentials once for a hundred concurrent first reads', async () => {
  const kms = await startRegionAndInstance();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const names = Array.from({ length: 100 }, (_, index) => `name-${index}`);
  for (const name of names) kms.put(name, 's3cret-many');
  const client = createSecretClientOn(fakeMachine(), {
    credentials: { type: 'credentials_uri', uri: kms.credentialsUri.url },
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
    ...busyMachine,
  });
  onTestFinished(() => client.close());

  await Promise.all(names.map((name) => client.get(name)));

  expect(kms.credentialsUri.calls).toBe(1);
});

test.each([
  ['a wrong password', { password: 'not-the-password-1' }, /password/u],
  ['quotes around the password', { password: '"not-the-password-1"' }, /has quotes around it/u],
  ['no password', {}, /password/u],
  ['two passwords', { password: 'one-password-1', passwordFromEnvVariable: 'P' }, /one of password/u],
])('rejects a client key with %s before the first request', async (_what, password, expected) => {
  const kms = await startRegionAndInstance();
  const sharedKey = kms.createClientKey({ gateway: 'shared' });
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const credentials = { type: 'client_key', clientKeyFile: sharedKey.keyFile, ...password } as never;

  let message = '';
  try {
    createSecretClientOn(fakeMachine(), { credentials, endpoints: [{ endpoint, caFilePath: kms.caFilePath }] });
  } catch (error) {
    message = isSecretError(error, 'ERR_CONFIGURATION') ? error.message : '';
  }

  expect(message).toMatch(expected);
  expect(message).not.toMatch(/not-the-password|one-password/u);
  expect(kms.requests).toEqual([]);
});

test.each([
  ['2036-10-20', undefined],
  ['2036-10-22', 'The client key of credentials (option) expires on 2036-11-20.'],
  ['2036-11-21', 'The client key of credentials (option) expired on 2036-11-20.'],
])('on %s, a client key that expires on 2036-11-20 causes the warning: %s', async (day, warning) => {
  const vectors = JSON.parse(readFileSync(new URL('credentials/client-key-vectors.json', import.meta.url), 'utf8')) as {
    readonly key: { readonly password: string };
    readonly pkcs12: readonly [{ readonly file: string; readonly clientKeyFile: object }];
  };
  // The first vector has the form of the files that KMS issues.
  const [{ file, clientKeyFile }] = vectors.pkcs12;
  const { logger, lines } = collectLog();
  const client = createSecretClientOn(fakeMachine(), {
    credentials: {
      type: 'client_key',
      clientKeyContent: JSON.stringify(clientKeyFile),
      password: vectors.key.password,
    },
    endpoints: ['cn-hangzhou'],
    clock: new FakeClock({ date: Date.parse(day) }),
    logger,
  });
  await client.close();

  expect(file).toBe('legacy-gopkcs12-shape.p12');
  expect(lines.filter((line) => line.startsWith('warn '))).toEqual(warning === undefined ? [] : [`warn ${warning}`]);
});

test('reports the expiry of the client key and the CA while the process runs', async () => {
  const kms = await startRegionAndInstance();
  const clientKey = kms.createClientKey({ gateway: 'shared', iterations: 1 });
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const clock = new FakeClock({ date: Date.now() });
  const { logger, lines } = collectLog();
  const client = createSecretClientOn(fakeMachine(), {
    credentials: { type: 'client_key', clientKeyFile: clientKey.keyFile, password: clientKey.password },
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
    clock,
    logger,
  });
  const expiring: unknown[] = [];
  client.on('expiring', (event) => expiring.push(event));
  const atStart = lines.filter((line) => line.startsWith('warn '));
  const { problems } = client.health();
  await clock.pass('88d');
  const health = client.health();

  expect(atStart).toEqual([]);
  expect(problems).toEqual([]);
  expect(lines.filter((line) => line.startsWith('warn The CA certificate of endpoints[0] (option)'))).toHaveLength(2);
  expect(expiring).toMatchObject([{ kind: 'ca' }, { kind: 'ca' }]);
  expect(health).toMatchObject({
    status: 'degraded',
    problems: [{ kind: 'expiring', names: ['CA certificate of endpoints[0] (option)'], count: 1 }],
  });
  expect(client.describe().expiries.map(({ kind }) => kind)).toEqual(['ca', 'clientKey']);

  const errors = (): readonly string[] => lines.filter((line) => line.startsWith('error '));
  expect(errors()).toEqual([]);
  await clock.pass('3d');
  await client.close();
  expect(errors()).toEqual([expect.stringContaining('The CA certificate of endpoints[0] (option)')]);
});

test('temporary credentials cannot be renewed: log, event and health say when they expire', async () => {
  const kms = await startRegionAndInstance();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const clock = new FakeClock({ date: kms.clock.date() });
  const { logger, lines } = collectLog();
  const client = createSecretClientOn(fakeMachine(), {
    ...busyMachine,
    credentials: { type: 'credentials_uri', uri: kms.credentialsUri.url },
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
    clock,
    logger,
    retry: { maxAttempts: 1 },
  });
  onTestFinished(() => client.close());
  const expiring: unknown[] = [];
  client.on('expiring', (event) => expiring.push(event));
  await client.get('db');
  await kms.credentialsUri.stop();
  await clock.pass('56m');
  kms.clock.pass('56m');
  await client.refresh('db');

  const name = 'Credentials from credentials_uri';
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
    expect.stringMatching(/^warn Credentials .*: could not be renewed: .*They expire in [34] min[^.]*\.$/u),
  ]);
  expect(expiring).toMatchObject([{ kind: 'credentials', name, expiresIn: expect.any(Number) as number }]);
  const { status, problems } = client.health();
  expect(status).toBe('degraded');
  expect(problems).toMatchObject([{ kind: 'expiring', names: [name] }]);
  expect(Math.round((problems[0]?.expiresIn ?? 0) / 60_000)).toBe(4);
});

test('reads a secret from an instance whose CA is given as text', async () => {
  const kms = await startRegionAndInstance();
  const instanceKey = kms.createClientKey({ gateway: 'instance' });
  const environment = kms.environment({ instanceKey });
  const instances = JSON.parse(environment['cache_client_dkms_config_info'] ?? '') as readonly object[];
  const withText = instances.map((instance) => ({ ...instance, caFilePath: undefined, ca: kms.caPem }));
  const client = createSecretClientOn(
    fakeMachine({ ...environment, cache_client_dkms_config_info: JSON.stringify(withText) }),
    busyMachine,
  );
  onTestFinished(() => client.close());

  expect((await client.get('db')).stale).toBe(false);
});

test.each<[string, EndpointOptions, number]>([
  ['no CA', {}, 1],
  ['a CA', { ca: 'of the fake' }, 0],
  ['no verification', { ignoreSslCerts: true }, 0],
])('an instance host with %s causes the right number of warnings about its CA', async (_, options, count) => {
  const kms = await startRegionAndInstance();
  const { logger, lines } = collectLog();
  const endpoint = 'kst-1.cryptoservice.kms.aliyuncs.com';
  const endpoints = [{ endpoint, ...options, ca: options.ca && kms.caPem }, 'cn-hangzhou'];

  const client = createSecretClientOn(fakeMachine(), { endpoints, logger });
  onTestFinished(() => client.close());

  const warning = /^warn endpoints\[0\] \(option\) has no caFilePath.*Instances, Instance CA Certificate/u;
  expect(lines.filter((line) => warning.test(line))).toHaveLength(count);
});

test('warns at every start that a certificate is not verified', async () => {
  const kms = await startRegionAndInstance();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const { logger, lines } = collectLog();
  const client = createSecretClientOn(fakeMachine(), {
    credentials: kms.accessKey,
    endpoints: [{ endpoint, ignoreSslCerts: true }],
    logger,
    ...busyMachine,
  });
  onTestFinished(() => client.close());

  await client.get('db');

  expect(lines.join()).toMatch(/warn .*is not verified \(endpoints\[0\]\.ignoreSslCerts, option\)/u);
});

test('has the provider of its access key, and none for a client key', async () => {
  const kms = await startRegionAndInstance();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const clientKey = kms.createClientKey({ gateway: 'shared' });
  const withKey = createSecretClientOn(fakeMachine(kms.environment()), busyMachine);
  const withClientKey = createSecretClientOn(fakeMachine(), {
    credentials: { type: 'client_key', clientKeyFile: clientKey.keyFile, password: clientKey.password },
    endpoints: [{ endpoint, caFilePath: kms.caFilePath }],
  });
  onTestFinished(async () => {
    await withKey.close();
    await withClientKey.close();
  });

  expect(await withKey.credentials?.getCredential()).toMatchObject(kms.accessKey);
  expect(withClientKey.credentials).toBeUndefined();
});
