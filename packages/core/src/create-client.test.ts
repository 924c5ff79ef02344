import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { busyMachine, collectLog, fakeMachine, startKms } from './client/client.fixture.ts';
import type { SecretClient } from './client/client.ts';
import type { ConfigurationMachine } from './config/environment.ts';
import { createSecretClient, createSecretClientOn } from './create-client.ts';
import type { SecretClientOptions } from './options/options.ts';
import { isSecretError } from './secret/errors.ts';

const secrets = { db: 's3cret-db-v1' };

const accessKey = { accessKeyId: 'id', accessKeySecret: 'key' };

/** A client that is closed after the test. */
function openClient(machine: ConfigurationMachine, options: SecretClientOptions = {}): SecretClient {
  const client = createSecretClientOn(machine, { ...busyMachine, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** The `ConfigurationError` for the options. */
function configurationError(machine: ConfigurationMachine, options: unknown = {}): Error {
  try {
    createSecretClientOn(machine, options as SecretClientOptions);
  } catch (error) {
    if (isSecretError(error, 'ERR_CONFIGURATION')) return error;
    throw error;
  }
  throw new Error('The configuration is valid.');
}

test('reads a secret with credentials and endpoints from the options', async () => {
  const kms = await startKms(secrets);
  const { endpoint } = kms.endpoint('cn-hangzhou');
  const credentials = kms.accessKey;
  const endpoints = [{ endpoint, caFilePath: kms.caFilePath }];
  const client = createSecretClient({ credentials, endpoints, ...busyMachine });
  onTestFinished(() => client.close());

  const secret = await client.get('db');

  // Compared by hash, so that a failing test prints no value.
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  expect(sha256(secret.text())).toBe(sha256('s3cret-db-v1'));
  expect(kms.requests).toMatchObject([{ protocol: 'acs3', action: 'GetSecretValue', secretName: 'db', status: 200 }]);
});

test('reads the environment of the official clients, with escaped quotes', async () => {
  const kms = await startKms(secrets);
  const environment = kms.environment();
  // As some shells leave them after `export`.
  const escaped = (environment['cache_client_region_id'] ?? '').replaceAll('"', '\\"');

  const client = openClient(fakeMachine({ ...environment, cache_client_region_id: escaped }));

  expect((await client.get('db')).stale).toBe(false);
});

test('reads secretsmanager.properties, or the file that configFile names', async () => {
  const kms = await startKms(secrets);
  const properties = `${kms.properties()}\nsecret_names=db\n`;

  const byDefault = openClient(fakeMachine({}, { 'secretsmanager.properties': properties }));
  const byOption = openClient(fakeMachine({}, { 'conf/kms.properties': properties }), {
    configFile: 'conf/kms.properties',
  });
  const byVariable = openClient(
    fakeMachine({ KMS_SECRETS_CONFIG_FILE: 'conf/kms.properties' }, { 'conf/kms.properties': properties }),
  );

  for (const client of [byDefault, byOption, byVariable]) {
    await client.ready();
    expect(client.peek('db')?.versionId).toBeDefined();
  }
});

test('code overrides environment, environment overrides file; logs sources', () => {
  const { logger, lines } = collectLog();
  const file =
    'credentials_type=ak\ncredentials_access_key_id=s3cret-id\ncredentials_access_secret=s3cret-key\nKMS_SECRETS_TTL=5m\n';
  const environment = {
    cache_client_region_id: '[{"regionId":"cn-hangzhou"}]',
    KMS_SECRETS_TTL: '10m',
    KMS_SECRETS_RETRY_MAX_ATTEMPTS: '3',
  };

  openClient(fakeMachine(environment, { 'secretsmanager.properties': file }), { retry: { maxAttempts: 2 }, logger });

  expect(lines).toEqual([expect.stringMatching(/^info Secret client: .*\.$/u)]);
  expect(lines[0]).toMatch(/retry\.maxAttempts from option/u);
  expect(lines[0]).toMatch(/ttl from KMS_SECRETS_TTL/u);
  expect(lines[0]).toMatch(/endpoints from cache_client_region_id/u);
  expect(lines[0]).toMatch(/credentials from .*secretsmanager\.properties:\d/u);
  expect(lines[0]?.includes('s3cret')).toBe(false);
});

test('without any configuration, only endpoints are missing', () => {
  // The default credentials chain provides the identity.
  const { message } = configurationError(fakeMachine());

  expect(message).toMatch(/1 error/u);
  expect(message).toMatch(
    /endpoints .*expected at least one region.*cache_client_region_id=\[\{"regionId":"cn-hangzhou"\}\]/su,
  );
});

test('says where it searched for endpoints, and lists warnings that may be the reason', () => {
  const { message } = configurationError(fakeMachine({ CACHE_CLIENT_REGION_ID: '[{"regionId":"cn-hangzhou"}]' }));

  expect(message).toContain('and the file /app/secretsmanager.properties (no such file)');
  expect(message).toMatch(
    /Warnings:\n {2}- Unknown variable CACHE_CLIENT_REGION_ID\. Did you mean "cache_client_region/u,
  );
});

test('an invalid file is the only error: endpoints may be in it', () => {
  const file = String.raw`credentials_access_secret=\user`;

  expect(configurationError(fakeMachine({}, { 'secretsmanager.properties': file })).message).toMatch(/1 error/u);
});

test('reports the errors of code, environment and file together', () => {
  const machine = fakeMachine(
    {
      cache_client_region_id: '[{"regionId":"cn-hangzhou"',
      KMS_SECRETS_DEADLINE: 'soon',
      KMS_SECRETS_BREAKER_FAILURES: 'many',
    },
    { 'secretsmanager.properties': '# ours\ncredentials_type=client_key\nKMS_SECRETS_RETRY_MAX_ATTEMPTS=many\n' },
  );

  const { message } = configurationError(machine, { ttl: 0, staleIfErrors: '1h' });

  expect(message).toMatch(/ttl \(option\): expected a duration from 1s/u);
  expect(message).toMatch(/staleIfErrors \(option\): expected one of credentials, endpoints/u);
  expect(message).toMatch(/deadline \(KMS_SECRETS_DEADLINE\): expected a duration .*, such as 10s, got "soon"/u);
  expect(message).toMatch(
    /breaker\.failures \(KMS_SECRETS_BREAKER_FAILURES\): expected a whole number from 1 to 1000, got "many"/u,
  );
  expect(message).toMatch(/cache_client_region_id \(environment variable\)/u);
  expect(message).toMatch(
    /client_key_private_key_path \(secretsmanager\.properties\).*credentials_type is client_key/u,
  );
  expect(message).toMatch(/retry\.maxAttempts \(.*secretsmanager\.properties:3\)/u);
});

test('reports all options that contradict each other', () => {
  const options = {
    endpoints: ['cn-hangzhou', 'cn-shanghai'],
    credentials: accessKey,
    hedge: { delay: '5s' },
    breaker: { openTime: '1m' },
  };

  expect(configurationError(fakeMachine(), options).message).toMatch(
    /2 errors[^]*hedge\.delay \(option\)[^]*breaker\.openTime \(option\)/u,
  );
});

test('reports a missing CA file with the option that names it', () => {
  const endpoints = [{ regionId: 'cn-hangzhou', caFilePath: 'ca.pem' }];

  expect(configurationError(fakeMachine(), { endpoints, credentials: accessKey }).message).toMatch(
    /endpoints\[0\]\.caFilePath \(option\): expected a PEM file/u,
  );
});

test('reports an unusable proxy once, without its password', () => {
  const machine = fakeMachine({ HTTPS_PROXY: 'socks5://user:s3cret-password@proxy.example:1080' });
  const error = configurationError(machine, {
    endpoints: ['cn-hangzhou', 'cn-shanghai'],
    credentials: accessKey,
  });

  expect(error.message.match(/proxy \(HTTPS_PROXY\)/gu)).toHaveLength(1);
  expect(inspect(error, { depth: 9 }).includes('s3cret')).toBe(false);
});

test.each([
  ['as credentials', { credentials: 's3cret-access-key-secret' }],
  ['as the name of a property', { credentials: { accessKeyId: 'a', accessKeySecret: 'b', S3cret1AccessKey: true } }],
  ['as the options of a secret', { secrets: { db: 's3cret' } }],
  ['in the URL of an endpoint', { endpoints: ['https://user:s3cret-password@kms.example.com'] }],
  ['as a duration', { ttl: 's3cret-access-key-secret' }],
])('the error does not contain a secret that was passed %s', (_where, options) => {
  const printed = inspect(configurationError(fakeMachine(), options), { depth: 9 });

  expect(printed).toContain('ERR_CONFIGURATION');
  expect(/s3cret/iu.test(printed)).toBe(false);
});

test.each([null, 'cn-hangzhou', 7, []])('rejects the options %j', (options) => {
  expect(configurationError(fakeMachine(), options).message).toMatch(/expected an object, or nothing/u);
});

test('rejects a store without the methods of a store', () => {
  expect(() => createSecretClient({ stores: [{}] as never })).toThrow(
    /stores\[0\] .*a store: an object with a name and read\(\)/u,
  );
});

test('uses the endpoints in order and fails over when the first is down', async () => {
  const kms = await startKms(secrets, { regions: ['cn-hangzhou', 'cn-shanghai'] });
  const client = openClient(fakeMachine(kms.environment()));
  await kms.stop('cn-hangzhou');

  expect((await client.get('db')).stale).toBe(false);
  expect(client.describe().endpoints).toMatchObject([
    { state: 'failing', lastFailure: { failure: 'unreachable' } },
    { state: 'healthy' },
  ]);
});

test.each([
  ['notFound', 404, 'Forbidden.ResourceNotFound'],
  ['denied', 403, 'Forbidden.NoPermission'],
  ['denied', 400, 'SignatureDoesNotMatch'],
  ['disabled', 409, 'Rejected.Unavailable'],
  ['rejected', 400, 'InvalidAction'],
])('the error of a secret that is %s gives each advice once (%i %s)', async (_, status, code) => {
  const kms = await startKms(secrets);
  kms.fault({ kind: 'error', status, code });
  const client = openClient(fakeMachine(kms.environment()));

  const error: unknown = await client.get('db').catch((thrown: unknown) => thrown);

  const words = [...String(error).matchAll(/Check the [a-z]+|Grant|Enable|is disabled/gu)].map(([text]) => text);
  expect(words.length).toBeGreaterThan(0);
  expect(new Set(words).size).toBe(words.length);
});

test('close() leaves no connection; a client without reads opens none', async () => {
  const kms = await startKms(secrets);
  const machine = fakeMachine(kms.environment());
  const idle = createSecretClientOn(machine, {});
  const busy = createSecretClientOn(machine, busyMachine);
  await Promise.all([busy.get('db'), busy.get('db', { stage: 'ACSCurrent' })]);

  await Promise.all([idle.close(), busy.close()]);

  expect(kms.handshakes).toBe(1);
  expect(kms.openRequests).toBe(0);
});

test('emits one warning for listeners that fail where there is no logger', async () => {
  const kms = await startKms(secrets);
  const warnings: string[] = [];
  const machine = { ...fakeMachine(kms.environment()), emitWarning: (message: string) => void warnings.push(message) };
  const silent = openClient(machine);
  const logging = openClient(machine, { logger: { warn() {}, error() {} } });
  for (const client of [silent, logging]) {
    client.on('refreshed', () => {
      throw new TypeError('s3cret-in-a-message');
    });
    await client.refresh('db');
    await client.refresh('db');
    await client.refresh('db');
  }

  expect(warnings).toEqual([
    'A listener for "refreshed" failed: TypeError was thrown. Set the option logger to see every failure.',
  ]);
});

test.each<[string, (path: string) => SecretClientOptions]>([
  ['configFile', (configFile) => ({ configFile })],
  ['caFilePath', (caFilePath) => ({ endpoints: [{ endpoint: 'kms.test', caFilePath }] })],
  ['clientKeyFile', (clientKeyFile) => ({ credentials: { type: 'client_key', clientKeyFile, password: 's3cret' } })],
  [
    'passwordFromFilePath',
    (passwordFromFilePath) => ({ credentials: { type: 'client_key', clientKeyContent: '{}', passwordFromFilePath } }),
  ],
])('a named pipe without a writer is an error in the configuration: %s', (option, optionsWith) => {
  const directory = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const create = (): unknown =>
    createSecretClient({
      endpoints: [{ regionId: 'cn-hangzhou' }],
      ...optionsWith(pipe),
    });

  expect(create).toThrow(new RegExp(`${option}.*a pipe or a terminal that delivers nothing`, 'su'));
});
