import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { SecretClient } from './client/client.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { createSecretClient, createSecretClientOn } from './create-client.ts';
import { isSecretError } from './secret/errors.ts';
import type { SecretClientOptions } from './options/options.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A machine with these variables and these files in its working directory. */
function machineWith(
  environment: Readonly<Record<string, string>> = {},
  files: Readonly<Record<string, string>> = {},
): ConfigurationMachine {
  return {
    environment,
    workingDirectory: () => '/app',
    readFile(path) {
      const text = files[path.replace('/app/', '')];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return new TextEncoder().encode(text);
    },
  };
}

async function kmsWithSecret(regions: readonly string[] = ['cn-hangzhou']): Promise<FakeKms> {
  const kms = await startFakeKms({ regions });
  onTestFinished(() => kms.close());
  kms.put('db', 's3cret-db-v1');
  return kms;
}

function clientOn(machine: ConfigurationMachine, options: SecretClientOptions = {}): SecretClient {
  const client = createSecretClientOn(machine, options);
  onTestFinished(() => client.close());
  return client;
}

function mistakeOf(machine: ConfigurationMachine, options: unknown = {}): Error {
  try {
    createSecretClientOn(machine, options as SecretClientOptions);
  } catch (error) {
    if (isSecretError(error, 'ERR_CONFIGURATION')) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

test('a secret is read over the wire with what is set in code', async () => {
  const kms = await kmsWithSecret();
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const credentials = kms.accessKey;
  const client = createSecretClient({ credentials, endpoints: [{ endpoint, caFilePath: kms.caFilePath }] });
  onTestFinished(() => client.close());

  const secret = await client.get('db');

  expect(hash(secret.text())).toBe(hash('s3cret-db-v1'));
  expect(kms.requests).toMatchObject([{ protocol: 'acs3', action: 'GetSecretValue', secretName: 'db', status: 200 }]);
});

test("the environment of the official clients is enough, also with the quotes that a shell's export leaves", async () => {
  const kms = await kmsWithSecret();
  const environment = kms.environment();
  const escaped = (environment['cache_client_region_id'] ?? '').replaceAll('"', '\\"');
  const ca = { [kms.caFilePath]: kms.caPem };

  const client = clientOn(machineWith({ ...environment, cache_client_region_id: escaped }, ca));

  expect((await client.get('db')).stale).toBe(false);
});

test('the file of the official clients is enough, in the working directory or where the user says', async () => {
  const kms = await kmsWithSecret();
  const ca = { [kms.caFilePath]: kms.caPem };
  const properties = `${kms.properties()}\nsecret_names=db\n`;

  const usual = clientOn(machineWith({}, { 'secretsmanager.properties': properties, ...ca }));
  const named = clientOn(machineWith({}, { 'conf/kms.properties': properties, ...ca }), {
    configFile: 'conf/kms.properties',
  });
  const byVariable = clientOn(
    machineWith({ KMS_SECRETS_CONFIG_FILE: 'conf/kms.properties' }, { 'conf/kms.properties': properties, ...ca }),
  );

  for (const client of [usual, named, byVariable]) {
    await client.ready();
    expect(client.peek('db')?.versionId).toBeDefined();
  }
});

test('code wins over the environment, which wins over the file, and the log says by name what won', async () => {
  const lines: string[] = [];
  const note = (line: string): void => void lines.push(line);
  const file =
    'credentials_type=ak\ncredentials_access_key_id=s3cret-id\ncredentials_access_secret=s3cret-key\nKMS_SECRETS_TTL=5m\n';
  const environment = {
    cache_client_region_id: '[{"regionId":"cn-hangzhou"}]',
    KMS_SECRETS_TTL: '10m',
    KMS_SECRETS_RETRY_MAX_ATTEMPTS: '3',
  };

  clientOn(machineWith(environment, { 'secretsmanager.properties': file }), {
    retry: { maxAttempts: 2 },
    logger: { debug: note, info: note, warn: note, error: note },
  });

  expect(lines).toEqual([expect.stringMatching(/^Secret client: .*\.$/u)]);
  expect(lines[0]).toMatch(/retry\.maxAttempts from option/u);
  expect(lines[0]).toMatch(/ttl from variable KMS_SECRETS_TTL/u);
  expect(lines[0]).toMatch(/endpoints from variable cache_client_region_id/u);
  expect(lines[0]).toMatch(/credentials from .*secretsmanager\.properties:\d/u);
  expect(lines[0]?.includes('s3cret')).toBe(false);
});

test('nothing at all is told as what is needed, with an example: credentials may be those of the machine', () => {
  const { message } = mistakeOf(machineWith());

  expect(message).toMatch(/1 error/u);
  expect(message).toMatch(
    /endpoints .*expected at least one region.*cache_client_region_id=\[\{"regionId":"cn-hangzhou"\}\]/su,
  );
});

test('mistakes of code, environment and file come in one error', () => {
  const machine = machineWith(
    { cache_client_region_id: '[{"regionId":"cn-hangzhou"', KMS_SECRETS_DEADLINE: 'soon' },
    { 'secretsmanager.properties': '# ours\ncredentials_type=client_key\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=many\n' },
  );

  const { message } = mistakeOf(machine, { ttl: 0, staleIfErrors: '1h' });

  expect(message).toMatch(/ttl \(option\): expected a duration from 1s/u);
  expect(message).toMatch(/staleIfErrors \(option\): expected one of credentials, endpoints/u);
  expect(message).toMatch(/deadline \(variable KMS_SECRETS_DEADLINE\)/u);
  expect(message).toMatch(/cache_client_region_id.*variable cache_client_region_id/u);
  expect(message).toMatch(
    /client_key_private_key_path \(secretsmanager\.properties\).*credentials_type is client_key/u,
  );
  expect(message).toMatch(/retry\.maxAttempts \(.*secretsmanager\.properties:3\)/u);
});

test('a CA file that is not there is told by the place that names it', () => {
  const endpoints = [{ regionId: 'cn-hangzhou', caFilePath: 'ca.pem' }];

  expect(
    mistakeOf(machineWith(), { endpoints, credentials: { accessKeyId: 'id', accessKeySecret: 'key' } }).message,
  ).toMatch(/endpoints\[0\]\.caFilePath \(option\): expected a PEM file/u);
});

test('a proxy that cannot be used is told once, without its password', () => {
  const machine = machineWith({ HTTPS_PROXY: 'socks5://user:s3cret-password@proxy.example:1080' });
  const error = mistakeOf(machine, {
    endpoints: ['cn-hangzhou', 'cn-shanghai'],
    credentials: { accessKeyId: 'id', accessKeySecret: 'key' },
  });

  expect(error.message.match(/proxy \(variable HTTPS_PROXY\)/gu)).toHaveLength(1);
  expect(inspect(error, { depth: 9 }).includes('s3cret')).toBe(false);
});

test.each([null, 'cn-hangzhou', 7, []])('options that are %j are refused', (options) => {
  expect(mistakeOf(machineWith(), options).message).toMatch(/expected an object, or nothing/u);
});

test('the endpoints are asked in the order given, and the standby answers when the first is gone', async () => {
  const kms = await kmsWithSecret(['cn-hangzhou', 'cn-shanghai']);
  const client = clientOn(machineWith(kms.environment(), { [kms.caFilePath]: kms.caPem }));
  await kms.stop('cn-hangzhou');

  expect((await client.get('db')).stale).toBe(false);
  expect(client.describe().endpoints).toMatchObject([
    { state: 'failing', lastFailure: { failure: 'unreachable' } },
    { state: 'healthy' },
  ]);
});

test('after close no connection is left, and a client that was never read from has opened none', async () => {
  const kms = await kmsWithSecret();
  const machine = machineWith(kms.environment(), { [kms.caFilePath]: kms.caPem });
  const idle = createSecretClientOn(machine, {});
  const busy = createSecretClientOn(machine, {});
  await Promise.all([busy.get('db'), busy.get('db', { stage: 'ACSCurrent' })]);

  await Promise.all([idle.close(), busy.close()]);

  expect(kms.handshakes).toBe(1);
  expect(kms.openRequests).toBe(0);
});
