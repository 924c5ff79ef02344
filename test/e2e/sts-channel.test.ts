// STS and other issuers of credentials are requested as KMS is: with the same certificate checks and proxy, and nothing printed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const roleArn = 'acs:ram::1234567890123456:role/reader';
const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c0123';
const oidcToken = 's3cret-oidc-token';

const debugCategories = 'http,https,tls,net,stream';

type Variables = Readonly<Record<string, string>>;

let kms: FakeKms;
let home: string;

beforeAll(async () => {
  kms = await startFakeKms({ quota: false });
  kms.put('db', 's3cret-value');
  kms.sts.addRole({ arn: roleArn });
  kms.sts.registerOidcToken({ providerArn, token: oidcToken });
  home = await mkdtemp(join(tmpdir(), 'kms-secrets-sts-'));
  await writeFile(join(home, 'token'), oidcToken);
  await mkdir(join(home, '.aliyun'));
  const profile = {
    name: 'reader',
    mode: 'RamRoleArn',
    access_key_id: kms.accessKey.accessKeyId,
    access_key_secret: kms.accessKey.accessKeySecret,
    ram_role_arn: roleArn,
    ram_session_name: 'reader',
    sts_endpoint: kms.sts.endpoint,
  };
  await writeFile(join(home, '.aliyun/config.json'), JSON.stringify({ current: 'reader', profiles: [profile] }));
});
afterAll(async () => {
  await kms.close();
  await rm(home, { recursive: true });
});

/** Identities whose credentials come from STS. A profile of the CLI needs no variable. */
const identities: readonly (readonly [string, () => Variables])[] = [
  [
    'a role',
    () => ({
      credentials_type: 'ram_role',
      credentials_access_key_id: kms.accessKey.accessKeyId,
      credentials_access_secret: kms.accessKey.accessKeySecret,
      credentials_role_arn: roleArn,
      credentials_role_session_name: 'reader',
      credentials_sts_endpoint: kms.sts.endpoint,
    }),
  ],
  [
    'a role with an OIDC token',
    () => ({
      credentials_type: 'oidc_role_arn',
      credentials_role_arn: roleArn,
      credentials_oidc_provider_arn: providerArn,
      credentials_oidc_token_file_path: join(home, 'token'),
      credentials_role_session_name: 'reader',
      credentials_sts_endpoint: kms.sts.endpoint,
    }),
  ],
  ['a role in a profile of the CLI', () => ({})],
];

/** Reads a secret in a new process: Node reads these variables when it starts. KMS has a CA of its own in each. */
async function read(variables: Variables): Promise<string> {
  const program = `
    import { createSecretClient } from '@kms-secrets/core';
    const client = createSecretClient({
      endpoints: [${JSON.stringify({ endpoint: kms.endpoint('cn-hangzhou').endpoint, caFilePath: kms.caFilePath })}],
      retry: { maxAttempts: 1 }, connectTimeout: '60s', attemptTimeout: '60s', deadline: '60s',
    });
    await client.get('db').then(() => console.log('read'), ({ code, message }) => console.log(code, message));
    await client.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: home,
      ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 100_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return output;
}

test.each(identities)(
  'verifies the certificate of STS under NODE_TLS_REJECT_UNAUTHORIZED=0: %s',
  async (_, identity) => {
    const before = kms.sts.calls;

    const output = await read({ ...identity(), NODE_TLS_REJECT_UNAUTHORIZED: '0' });

    expect(output).toContain('ERR_SECRET_UNAVAILABLE');
    expect(output).toMatch(/certificate[^]*NODE_EXTRA_CA_CERTS/u);
    expect(kms.sts.calls).toBe(before);
  },
);

test.each(identities)('prints no secret of STS under DEBUG and NODE_DEBUG: %s', async (_, identity) => {
  const output = await read({
    ...identity(),
    NODE_EXTRA_CA_CERTS: kms.caFilePath,
    DEBUG: '*',
    NODE_DEBUG: debugCategories,
  });

  expect(output).toContain('read\n');
  expect(secretsIn(output)).toEqual([]);
});

test('prints no secret of a credentials address under DEBUG and NODE_DEBUG', async () => {
  const output = await read({
    HOME: tmpdir(),
    ALIBABA_CLOUD_CREDENTIALS_URI: kms.credentialsUri.url,
    DEBUG: '*',
    NODE_DEBUG: debugCategories,
  });

  expect(output).toContain('read\n');
  expect(secretsIn(output)).toEqual([]);
});

test.each(identities)('requests STS and KMS through the proxy: %s', async (_, identity) => {
  const { url, targets } = await startProxy();

  const output = await read({ ...identity(), NODE_EXTRA_CA_CERTS: kms.caFilePath, HTTPS_PROXY: url });

  expect(output).toBe('read\n');
  expect(targets).toEqual([kms.sts.endpoint, kms.endpoint('cn-hangzhou').endpoint]);
});

test('prints no password of the proxy under NODE_DEBUG', async () => {
  const { url, targets } = await startProxy();
  const proxy = url.replace('http://', 'http://user:s3cret-proxy@');
  const output = await read({
    ...identities[0]?.[1](),
    NODE_EXTRA_CA_CERTS: kms.caFilePath,
    HTTPS_PROXY: proxy,
    NODE_DEBUG: debugCategories,
  });

  expect(targets).toHaveLength(2);
  const encoded = Buffer.from('user:s3cret-proxy').toString('base64');
  expect(['s3cret-proxy', encoded].filter((text) => output.includes(text))).toEqual([]);
});

/** What must not be printed. The credentials that STS issues are random, so their fields are searched for, too. */
function secretsIn(output: string): readonly string[] {
  const secrets = [kms.accessKey.accessKeySecret, oidcToken, 's3cret-value'];
  const fields = ['SecurityToken"', 'AccessKeySecret"', 'x-acs-security-token'];
  return [...secrets, ...fields].filter((text) => output.toLowerCase().includes(text.toLowerCase()));
}

/** A proxy that records its targets. */
async function startProxy(): Promise<{ readonly url: string; readonly targets: readonly string[] }> {
  const targets: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer().on('connect', ({ url = '' }: IncomingMessage, socket: Socket) => {
    targets.push(url);
    const { hostname, port } = new URL(`http://${url}`);
    const upstream = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    for (const one of [socket, upstream]) sockets.add(one.on('error', () => {}));
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  const { port } = proxy.address() as AddressInfo; // a string only for a pipe
  return { url: `http://127.0.0.1:${port}`, targets };
}
