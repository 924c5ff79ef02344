import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretClientOptions } from '@kms-secrets/core';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeClientKey, FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

/** The result of a read in the other process. */
interface Outcome {
  readonly versionId?: string;
  readonly code?: string;
  readonly message?: string;
}

type Keys = Readonly<Record<string, string>>;
type Gateway = 'shared' | 'instance';
type Source = (typeof sources)[number];

const sources = ['environment', 'default file', 'custom file', 'custom file by variable', 'code'] as const;
const roleArn = 'acs:ram::1234567890123456:role/reader';
const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123';
const stsKey = {
  accessKeyId: 'STS.FakeTemporary0001',
  accessKeySecret: 's3cret-temporary',
  securityToken: 's3cret-token',
};

let kms: FakeKms;
let directory: string;
let clientKey: FakeClientKey;
let child: ChildProcess;

beforeAll(async () => {
  kms = await startFakeKms({ instances: ['kst-fake0001'], quota: false });
  kms.put('db', 's3cret-db', { versionId: 'v1' });
  kms.addStsKey({ ...stsKey, expiresAt: kms.clock.date() + 3_600_000 });
  kms.sts.addRole({ arn: roleArn });
  kms.sts.registerOidcToken({ providerArn, token: 's3cret-oidc-token' });
  clientKey = kms.createClientKey({ gateway: 'both' });
  directory = await mkdtemp(join(tmpdir(), 'kms-secrets-identities-'));
  await writeFile(join(directory, 'oidc-token'), 's3cret-oidc-token\n');
  child = fork(join(import.meta.dirname, 'identity-process.mjs'), {
    env: { PATH: process.env['PATH'] ?? '', HOME: directory, NODE_EXTRA_CA_CERTS: kms.caFilePath },
    execArgv: [],
  });
  await once(child, 'message');
});

afterAll(async () => {
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
  await kms.close();
  await rm(directory, { recursive: true });
});

interface Identity {
  readonly keys: Keys;
  readonly option: SecretClientOptions['credentials'];
  /** Environment variables that are set for every source. */
  readonly variables?: Keys;
}

const roleKeys = (): Keys => ({
  credentials_access_key_id: kms.accessKey.accessKeyId,
  credentials_access_secret: kms.accessKey.accessKeySecret,
  credentials_role_arn: roleArn,
  credentials_role_session_name: 'reader',
  credentials_sts_endpoint: kms.sts.endpoint,
});
const roleOption = (): SecretClientOptions['credentials'] => ({
  type: 'ram_role',
  ...kms.accessKey,
  roleArn,
  roleSessionName: 'reader',
  stsEndpoint: kms.sts.endpoint,
});

/** Every `credentials_type`, as keys of the official clients and as the `credentials` option. */
const identities: Readonly<Record<string, () => Identity>> = {
  ak: () => ({
    keys: {
      credentials_type: 'ak',
      credentials_access_key_id: kms.accessKey.accessKeyId,
      credentials_access_secret: kms.accessKey.accessKeySecret,
    },
    option: { type: 'ak', ...kms.accessKey },
  }),
  token: () => ({
    keys: {
      credentials_type: 'token',
      credentials_access_token_id: kms.accessKey.accessKeyId,
      credentials_access_token: kms.accessKey.accessKeySecret,
    },
    option: kms.accessKey,
  }),
  'sts with a security token': () => ({
    keys: {
      credentials_type: 'sts',
      credentials_access_key_id: stsKey.accessKeyId,
      credentials_access_secret: stsKey.accessKeySecret,
      credentials_security_token: stsKey.securityToken,
    },
    option: { type: 'sts', ...stsKey },
  }),
  'sts without a security token': () => ({ keys: { credentials_type: 'sts', ...roleKeys() }, option: roleOption() }),
  ram_role: () => ({ keys: { credentials_type: 'ram_role', ...roleKeys() }, option: roleOption() }),
  ecs_ram_role: () => ({
    keys: { credentials_type: 'ecs_ram_role', credentials_role_name: 'FakeEcsRole' },
    option: { type: 'ecs_ram_role', roleName: 'FakeEcsRole' },
  }),
  oidc_role_arn: () => ({
    keys: {
      credentials_type: 'oidc_role_arn',
      credentials_role_arn: roleArn,
      credentials_oidc_provider_arn: providerArn,
      credentials_oidc_token_file_path: join(directory, 'oidc-token'),
      credentials_role_session_name: 'reader',
      credentials_sts_endpoint: kms.sts.endpoint,
    },
    option: {
      type: 'oidc_role_arn',
      roleArn,
      oidcProviderArn: providerArn,
      oidcTokenFilePath: join(directory, 'oidc-token'),
      roleSessionName: 'reader',
      stsEndpoint: kms.sts.endpoint,
    },
  }),
  client_key: () => ({
    keys: {
      credentials_type: 'client_key',
      client_key_private_key_path: clientKey.keyFile,
      client_key_password_from_file_path: clientKey.passwordFile,
    },
    option: { type: 'client_key', clientKeyFile: clientKey.keyFile, passwordFromFilePath: clientKey.passwordFile },
  }),
  'none, with the variables of @alicloud/credentials': () => ({
    keys: {},
    option: { type: 'default' },
    variables: {
      ALIBABA_CLOUD_ACCESS_KEY_ID: kms.accessKey.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: kms.accessKey.accessKeySecret,
    },
  }),
  'none, on an ECS instance with a role': () => ({ keys: {}, option: { type: 'default' } }),
};

/** Reads in the other process, with the identity and the endpoints set in one source. */
function read({ keys, option, variables }: Identity, source: Source, gateway: Gateway): Promise<Outcome> {
  const endpoints = kms.endpoints.filter((endpoint) => endpoint.gateway === gateway);
  const { caFilePath } = kms;
  const regions = endpoints.map(({ region, endpoint }) => ({ regionId: region, endpoint, caFilePath }));
  const all = { ...keys, cache_client_region_id: JSON.stringify(regions) };
  const options = { credentials: option, endpoints: endpoints.map(({ endpoint }) => ({ endpoint, caFilePath })) };
  return readWith(source, all, options, variables);
}

/** Reads with `keys` in this source, or with `options` if the source is code. `variables` are always set. */
async function readWith(
  ...[source, keys, options, variables = {}]: [Source, Keys, SecretClientOptions, Keys?]
): Promise<Outcome> {
  switch (source) {
    case 'environment':
      return readInProcess({ environment: { ...variables, ...keys } });
    case 'default file':
      return readInProcess({ environment: variables, properties: keys });
    case 'custom file':
      return readInProcess({ environment: variables, options: { configFile: await customFile(keys) } });
    case 'custom file by variable':
      return readInProcess({ environment: { ...variables, KMS_SECRETS_CONFIG_FILE: await customFile(keys) } });
    case 'code':
      return readInProcess({ environment: variables, options });
    default:
      return source satisfies never;
  }
}

async function readInProcess(machine: {
  readonly environment?: Keys;
  readonly properties?: Keys;
  readonly options?: SecretClientOptions;
}): Promise<Outcome> {
  const { environment = {}, properties, options = {} } = machine;
  const workingDirectory = await mkdtemp(join(directory, 'working-'));
  if (properties !== undefined)
    await writeFile(join(workingDirectory, 'secretsmanager.properties'), formatProperties(properties));
  const metadata = Number(new URL(kms.metadata.url).port);
  child.send({ machine: { environment, directory: workingDirectory, options }, metadata });
  const [outcome] = (await once(child, 'message')) as [Outcome];
  return outcome;
}

async function customFile(keys: Keys): Promise<string> {
  const file = join(await mkdtemp(join(directory, 'custom-')), 'kms.properties');
  await writeFile(file, formatProperties(keys));
  return file;
}

function formatProperties(keys: Keys): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

const rows = Object.keys(identities).flatMap((name) => sources.map((source) => [name, source] as const));
const identity = (name: string): Identity => identities[name]?.() ?? expect.fail(`There is no identity ${name}.`);

test.each(rows)('%s from %s reads a secret from the shared gateway', async (name, source) => {
  expect(await read(identity(name), source, 'shared')).toEqual({ versionId: 'v1' });
});

test.each(rows.filter(([name]) => name !== 'client_key'))(
  '%s from %s reads a secret from a KMS instance over the OpenAPI',
  async (name, source) => {
    expect(await read(identity(name), source, 'instance')).toEqual({ versionId: 'v1' });
  },
);

test.each(sources)('client_key from %s: an instance rejects it; the error names the fix', async (source) => {
  const { code, message } = await read(identity('client_key'), source, 'instance');

  expect(code).toBe('ERR_REQUEST_REJECTED');
  expect(message).toContain('Set the key on the endpoint: clientKeyFile');
});

test.each(sources)('client_key from %s: an instance host is rejected before any request', async (source) => {
  const { keys, option } = identity('client_key');
  const host = 'kst-hzz0001.cryptoservice.kms.aliyuncs.com';
  const all = { ...keys, cache_client_region_id: JSON.stringify([{ regionId: 'cn-hangzhou', endpoint: host }]) };

  const { code, message } = await readWith(source, all, { credentials: option, endpoints: [host] });

  expect(code).toBe('ERR_CONFIGURATION');
  expect(message).toContain('endpoints[0].clientKeyFile');
  expect(message).toContain('a KMS instance accepts client keys only through its own API');
});

test.each(sources)('a client key of an endpoint from %s reads over the instance API', async (source) => {
  expect(await readByInstanceApi(clientKey, source)).toEqual({ versionId: 'v1' });
});

test.each(sources)('the instance API rejects a client key for the shared gateway, from %s', async (source) => {
  const { code, message } = await readByInstanceApi(kms.createClientKey({ gateway: 'shared' }), source);

  expect(code).toBe('ERR_ACCESS_DENIED');
  expect(message).toContain('application access point');
});

test.each(sources)('the shared gateway rejects a client key for instances, from %s', async (source) => {
  const { keyFile, passwordFile } = kms.createClientKey({ gateway: 'instance' });
  const keys = {
    credentials_type: 'client_key',
    client_key_private_key_path: keyFile,
    client_key_password_from_file_path: passwordFile,
  };
  const option = { type: 'client_key', clientKeyFile: keyFile, passwordFromFilePath: passwordFile } as const;

  const { code, message } = await read({ keys, option }, source, 'shared');

  expect(code).toBe('ERR_ACCESS_DENIED');
  expect(message).toContain('application access point');
});

test.each(rows.filter(([name, source]) => name !== 'client_key' && source !== 'code'))(
  '%s from %s is rejected for the instance API, which needs a client key',
  async (name, source) => {
    const { keys, option, variables = {} } = identity(name);
    const { region, endpoint } = kms.endpoint('kst-fake0001');
    const all = { ...keys, cache_client_dkms_config_info: JSON.stringify([{ regionId: region, endpoint }]) };

    const { code, message } = await readWith(source, all, { credentials: option }, variables);

    expect(code).toBe('ERR_CONFIGURATION');
    expect(message).toContain('clientKeyFile');
    expect(message).toContain('configure an instance with other credentials in cache_client_region_id');
  },
);

/** Starts a proxy that records its targets. It rejects every request if `status` is given. */
async function startProxy(status?: string): Promise<{ readonly url: string; readonly targets: string[] }> {
  const targets: string[] = [];
  const proxy = createServer().on('connect', ({ url = '' }: IncomingMessage, socket: Socket) => {
    targets.push(url);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status}\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const upstream = connect(Number(port), hostname, () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    upstream.pipe(socket).pipe(upstream);
    for (const stream of [socket, upstream]) stream.on('error', () => upstream.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const { port } = proxy.address() as AddressInfo; // a string only for a pipe
  return { url: `http://127.0.0.1:${port}`, targets };
}

test.each(['ram_role', 'oidc_role_arn'])('%s sends STS requests through the proxy, like KMS requests', async (name) => {
  const proxy = await startProxy();
  const { keys, option } = identity(name);

  const outcome = await read({ keys, option, variables: { HTTPS_PROXY: proxy.url } }, 'environment', 'shared');

  expect(outcome).toEqual({ versionId: 'v1' });
  expect(proxy.targets).toEqual([kms.sts.endpoint, kms.endpoint('cn-hangzhou').endpoint]);
});

test('a NO_PROXY host bypasses the proxy; a proxy error is reported', async () => {
  const proxy = await startProxy('407 Proxy Authentication Required');
  const { keys, option } = identity('ram_role');
  const bypass = { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' };

  const direct = await read({ keys, option, variables: bypass }, 'environment', 'shared');
  const { message } = await read({ keys, option, variables: { HTTPS_PROXY: proxy.url } }, 'environment', 'shared');

  expect(direct).toEqual({ versionId: 'v1' });
  expect(message).toContain(`${kms.sts.endpoint} did not respond (PROXY_STATUS_407)`);
  expect(proxy.targets).toEqual([kms.sts.endpoint]);
});

test.each([
  ['hangs', { kind: 'hang' }, 'ERR_SECRET_UNAVAILABLE'],
  ['responds with an HTML page', { kind: 'html', status: 502 }, 'responded with status 502'],
  ['resets the connection', { kind: 'reset' }, 'did not respond (ECONNRESET)'],
  ['has an untrusted certificate', { kind: 'certificate', of: 'otherCa' }, 'set NODE_EXTRA_CA_CERTS to its CA'],
] as const)('reports an STS endpoint that %s', async (_, fault, expected) => {
  const { keys, option } = identity('ram_role');
  const injected = kms.sts.fault(fault);
  onTestFinished(() => injected.heal());

  const variables = { KMS_SECRETS_ATTEMPT_TIMEOUT: '500ms' };
  const { code, message } = await read({ keys, option, variables }, 'environment', 'shared');

  expect(`${code} ${message}`).toContain(expected);
  expect(message?.includes(kms.accessKey.accessKeyId)).toBe(false);
});

test('reports a metadata service that is unavailable', async () => {
  await kms.metadata.stop();
  onTestFinished(() => kms.metadata.start());

  const { message } = await read(identity('ecs_ram_role'), 'environment', 'shared');

  expect(message).toContain('100.100.100.200 did not respond (ECONNREFUSED)');
});

test('reads an OIDC token file again after it was replaced', async () => {
  const file = join(directory, 'oidc-token');
  const { keys, option } = identity('oidc_role_arn');
  kms.sts.registerOidcToken({ providerArn, token: 's3cret-oidc-token-2' });

  const { message } = await read({ keys, option }, 'environment', 'shared');
  await writeFile(file, 's3cret-oidc-token-2');
  const renewed = await read({ keys, option }, 'environment', 'shared');

  expect(message).toContain('AuthenticationFail.OIDCToken');
  expect(renewed).toEqual({ versionId: 'v1' });
});

function readByInstanceApi({ keyFile, passwordFile }: FakeClientKey, source: Source): Promise<Outcome> {
  const { endpoint } = kms.endpoint('kst-fake0001');
  const instance = {
    endpoint,
    clientKeyFile: keyFile,
    passwordFromFilePath: passwordFile,
    caFilePath: kms.caFilePath,
  };
  return readWith(source, { cache_client_dkms_config_info: JSON.stringify([instance]) }, { endpoints: [instance] });
}
