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

/** The library reads the process's own environment: this one is empty but for what a test sets, and put back after it. */
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

function writeAtHome(path: string, text: string): void {
  const file = join(process.env['HOME'] ?? '', path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}

/** On a machine without a metadata service. */
function chain(clock = new FakeClock({ date: Date.now() })): CredentialsProvider {
  return alicloudCredentials(
    { type: 'default' },
    {
      clock,
      prepare(link) {
        if (link.constructor.name !== 'ECSRAMRoleCredentialsProvider') return;
        Reflect.set(link, 'doRequest', () => Promise.reject(Object.assign(new Error('x'), { code: 'EHOSTUNREACH' })));
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
const handedOut = { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' };
const session = (lifetime: number): string =>
  JSON.stringify({
    AccessKeyId: 'FakeId',
    AccessKeySecret: 's3cret-key',
    SecurityToken: 's3cret-token',
    Expiration: `${new Date(Date.now() + lifetime).toISOString().slice(0, 19)}Z`,
  });

test('the variables of the library are read', async () => {
  useEnvironment(pair);

  expect(await chain().getCredential()).toEqual(handedOut);
});

test('a profile of the command line, and one of the library, are read', async () => {
  useEnvironment({});
  const profile = { name: 'default', mode: 'AK', access_key_id: 'FakeId', access_key_secret: 's3cret-key' };
  writeAtHome('.aliyun/config.json', JSON.stringify({ current: 'default', profiles: [profile] }));
  expect(await chain().getCredential()).toEqual(handedOut);

  useEnvironment({});
  writeAtHome(
    '.alibabacloud/credentials',
    '[default]\ntype = access_key\naccess_key_id = FakeId\naccess_key_secret = s3cret-key\n',
  );
  expect(await chain().getCredential()).toEqual(handedOut);
});

test('where nothing is found, that is told with the places that were looked in', async () => {
  useEnvironment({});

  const error: unknown = await chain()
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ failure: 'rejected' });
  expect(String(error)).toMatch(/ALIBABA_CLOUD_ACCESS_KEY_ID.*config\.json.*alibabacloud\/credentials.*ECS metadata/u);
});

test('a chain that found nothing finds what is set later', async () => {
  useEnvironment({});
  const clock = new FakeClock();
  const provider = chain(clock);
  await expect(provider.getCredential()).rejects.toThrow('No credentials are configured');

  Object.assign(process.env, pair);
  onTestFinished(() => {
    for (const name of Object.keys(pair)) delete process.env[name];
  });
  await clock.pass('1s');

  expect(await provider.getCredential()).toEqual(handedOut);
});

test('a broken profile shows nothing of what is in it', async () => {
  useEnvironment({});
  writeAtHome('.aliyun/config.json', '{"profiles": [{"access_key_secret": "s3cret-key"');

  const error: unknown = await chain()
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/s3cret-/u);
});

test('a link that is configured and fails is told, and not the ones that are missing', async () => {
  useEnvironment({
    ALIBABA_CLOUD_ROLE_ARN: 'acs:ram::1:role/x',
    ALIBABA_CLOUD_OIDC_PROVIDER_ARN: 'acs:ram::1:oidc-provider/ack',
    ALIBABA_CLOUD_OIDC_TOKEN_FILE: '/nowhere/token',
  });

  await expect(chain().getCredential()).rejects.toMatchObject({
    failure: 'rejected',
    message: expect.stringContaining('/nowhere/token, is not there') as string,
  });
});

test('credentials from an address are asked for once, and kept', async () => {
  let requests = 0;
  const uri = await serve((_, response) => {
    requests += 1;
    response.end(session(3_600_000));
  });
  useEnvironment({ ALIBABA_CLOUD_CREDENTIALS_URI: uri });
  const clock = new FakeClock({ date: Date.now() });
  const byChain = chain(clock);
  const byType = alicloudCredentials({ type: 'credentials_uri', uri }, { clock });

  for (const provider of [byChain, byType]) {
    requests = 0;
    const all = await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));
    await clock.pass('40m');
    expect(await provider.getCredential()).toEqual({ ...handedOut, securityToken: 's3cret-token' });
    expect(all[0]).toBe(all[999]);
    expect(requests).toBe(1);
  }
});

test.each([
  ['a page', 200, '<html>s3cret-page</html>', 'malformed'],
  ['half of them', 200, '{"AccessKeyId":"FakeId"}', 'malformed'],
  ['an error', 500, 's3cret-trace', 'unavailable'],
] as const)('an address that answers with %s is told without it', async (...row) => {
  const [, status, body, failure] = row;
  const uri = await serve((_, response) => response.writeHead(status).end(body));

  const error: unknown = await alicloudCredentials({ type: 'credentials_uri', uri }, { clock: new FakeClock() })
    .getCredential()
    .catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ failure, status });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/FakeId|s3cret-/u);
});

test('an address that hangs, or that nobody listens at, cannot be reached', async () => {
  const clock = new FakeClock();
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  const hanging = await serve(() => asked());
  const waiting = alicloudCredentials({ type: 'credentials_uri', uri: hanging }, { clock })
    .getCredential()
    .catch((thrown: unknown) => thrown);
  await isAsked;
  await clock.pass('15s');
  const refusing = alicloudCredentials({ type: 'credentials_uri', uri: 'http://127.0.0.1:9/' }, { clock });

  expect(await waiting).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  await expect(refusing.getCredential()).rejects.toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});
