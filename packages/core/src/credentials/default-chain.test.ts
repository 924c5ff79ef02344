import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { CredentialsProvider } from '../ports/credentials.ts';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { alicloudCredentials } from './alicloud.ts';

/** The library reads `process.env`: leaves only `variables` of what it reads, and restores the rest after the test. */
function useEnvironment(variables: Readonly<Record<string, string>>): void {
  const home = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  const names = new Set(['HOME', ...Object.keys(process.env).filter((name) => name.startsWith('ALIBABA_CLOUD_'))]);
  for (const name of Object.keys(variables)) names.add(name);
  const before = new Map([...names].map((name) => [name, process.env[name]]));
  onTestFinished(() => {
    rmSync(home, { recursive: true });
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  for (const name of names) delete process.env[name];
  Object.assign(process.env, { HOME: home, ...variables });
}

function writeInHome(path: string, text: string): void {
  const file = join(process.env['HOME'] ?? '', path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

/** The default chain on a machine without a metadata service. */
function chain(clock = new FakeClock({ date: Date.now() })): CredentialsProvider {
  return alicloudCredentials(
    { type: 'default' },
    {
      clock,
      prepare(provider) {
        if (provider.constructor.name !== 'ECSRAMRoleCredentialsProvider') return;
        Reflect.set(provider, 'doRequest', () =>
          Promise.reject(Object.assign(new Error('x'), { code: 'EHOSTUNREACH' })),
        );
      },
    },
  );
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/credentials` : '';
}

const pair = { ALIBABA_CLOUD_ACCESS_KEY_ID: 'FakeId', ALIBABA_CLOUD_ACCESS_KEY_SECRET: 's3cret-key' };
const expected = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const session = (lifetime: number): string =>
  JSON.stringify({
    AccessKeyId: 'FakeId',
    AccessKeySecret: 's3cret-key',
    SecurityToken: 's3cret-token',
    Expiration: `${new Date(Date.now() + lifetime).toISOString().slice(0, 19)}Z`,
  });

test('reads the environment variables of the library', async () => {
  useEnvironment(pair);

  expect(await chain().getCredential()).toEqual(expected);
});

test('reads a profile of the Alibaba Cloud CLI and one of the library', async () => {
  useEnvironment({});
  const profile = { name: 'default', mode: 'AK', access_key_id: 'FakeId', access_key_secret: 's3cret-key' };
  writeInHome('.aliyun/config.json', JSON.stringify({ current: 'default', profiles: [profile] }));
  expect(await chain().getCredential()).toEqual(expected);

  useEnvironment({});
  writeInHome(
    '.alibabacloud/credentials',
    '[default]\ntype = access_key\naccess_key_id = FakeId\naccess_key_secret = s3cret-key\n',
  );
  expect(await chain().getCredential()).toEqual(expected);
});

test('reports which sources were checked if none has credentials', async () => {
  useEnvironment({});

  const error: unknown = await chain()
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ failure: 'rejected' });
  expect(String(error)).toMatch(/ALIBABA_CLOUD_ACCESS_KEY_ID.*config\.json.*alibabacloud\/credentials.*ECS metadata/u);
});

test('finds credentials that are set after a failure', async () => {
  useEnvironment({});
  const clock = new FakeClock();
  const provider = chain(clock);
  await expect(provider.getCredential()).rejects.toThrow('No credentials are configured');

  Object.assign(process.env, pair);
  onTestFinished(() => {
    for (const name of Object.keys(pair)) delete process.env[name];
  });
  await clock.pass('1s');

  expect(await provider.getCredential()).toEqual(expected);
});

test('does not quote a profile that cannot be parsed', async () => {
  useEnvironment({});
  writeInHome('.aliyun/config.json', '{"profiles": [{"access_key_secret": "s3cret-key"');

  const error: unknown = await chain()
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/s3cret-/u);
});

test('reports the failure of a configured provider, not of unconfigured ones', async () => {
  useEnvironment({
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/x',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ack',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/nowhere/token',
  });

  await expect(chain().getCredential()).rejects.toMatchObject({
    failure: 'rejected',
    message: expect.stringContaining('/nowhere/token does not exist') as string,
  });
});

test('requests and caches credentials from a URI', async () => {
  let requests = 0;
  const uri = await serve((_, response) => {
    requests += 1;
    response.end(session(3_600_000));
  });
  useEnvironment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
  const clock = new FakeClock({ date: Date.now() });
  const fromChain = chain(clock);
  const fromUri = alicloudCredentials({ type: 'credentials_uri', uri }, { clock });

  for (const provider of [fromChain, fromUri]) {
    requests = 0;
    const all = await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));
    await clock.pass('40m');
    expect(await provider.getCredential()).toEqual({ ...expected, securityToken: 's3cret-token' });
    expect(all[0]).toBe(all[999]);
    expect(requests).toBe(1);
  }
});

test.each([
  ['an HTML page', 200, '<html>s3cret-page</html>', 'malformed'],
  ['incomplete credentials', 200, '{"AccessKeyId":"FakeId"}', 'malformed'],
  ['an error', 500, 's3cret-trace', 'unavailable'],
] as const)('does not quote a URI response with %s', async (...row) => {
  const [, status, body, failure] = row;
  const uri = await serve((_, response) => response.writeHead(status).end(body));

  const error: unknown = await alicloudCredentials({ type: 'credentials_uri', uri }, { clock: new FakeClock() })
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ failure, status });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/FakeId|s3cret-/u);
});

test('reports a URI that hangs or refuses connections as unreachable', async () => {
  const clock = new FakeClock();
  let onRequest: () => void = () => undefined;
  const requested = new Promise<void>((resolve) => (onRequest = resolve));
  const hanging = await serve(() => onRequest());
  const pending = alicloudCredentials({ type: 'credentials_uri', uri: hanging }, { clock })
    .getCredential()
    .catch((thrown: unknown) => thrown);
  await requested;
  await clock.pass('15s');
  const refusing = alicloudCredentials({ type: 'credentials_uri', uri: 'http://127.0.0.1:9/' }, { clock });

  expect(await pending).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  await expect(refusing.getCredential()).rejects.toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});
