import { expect, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { TemporaryCredentials } from '../sts/temporary-keys.ts';
import { sendAcs3, sendRaw } from '../test-client.fixture.ts';
import type { TestResponse } from '../test-client.fixture.ts';

const rolePath = 'latest/meta-data/ram/security-credentials/';
const credentialsPath = `${rolePath}FakeEcsRole`;
const ttlHeader = 'X-aliyun-ecs-metadata-token-ttl-seconds';
const tokenHeader = 'X-aliyun-ecs-metadata-token';

test('returns the role and its keys, which are valid until they expire', async () => {
  await using kms = await start();
  const { text: token } = await requestToken(kms, '21600');
  const headers = { [tokenHeader]: token };

  const role = await get(kms, rolePath, headers);
  const response = await get(kms, `${rolePath}${role.text}`, headers);
  const { Expiration, LastUpdated, Code } = JSON.parse(response.text) as Record<string, string>;

  expect([role.status, role.text, response.status, Code]).toEqual([200, 'FakeEcsRole', 200, 'Success']);
  expect([LastUpdated, Expiration]).toEqual(['2026-01-02T03:04:05Z', '2026-01-02T09:04:05Z']);
  expect((await readWith(kms, response)).status).toBe(200);
  kms.clock.pass(21_600_000);
  expect((await readWith(kms, response)).status).toBe(404);
});

test('requires a token only if hardening is enabled', async () => {
  await using kms = await start();
  const paths = [rolePath, credentialsPath];
  const statusOfBoth = async (): Promise<number[]> => {
    const statuses = [];
    for (const path of paths) statuses.push((await get(kms, path)).status);
    return statuses;
  };

  expect(await statusOfBoth()).toEqual([200, 200]);
  kms.metadata.enableHardening();
  expect(await statusOfBoth()).toEqual([403, 403]);
  const { text } = await requestToken(kms, '60');
  expect((await get(kms, rolePath, { [tokenHeader]: text })).status).toBe(200);
  kms.metadata.disableHardening();
  expect(await statusOfBoth()).toEqual([200, 200]);
});

test('rejects expired and unknown tokens', async () => {
  let now = Date.parse('2026-01-02T03:04:05Z');
  await using kms = await startFakeKms({ clock: { date: () => now } });
  const headers = { [tokenHeader]: (await requestToken(kms, '60')).text };

  now += 59_999;
  await requestToken(kms, '60');
  expect((await get(kms, rolePath, headers)).status).toBe(200);
  now += 1;
  expect((await get(kms, rolePath, headers)).status).toBe(403);
  expect((await get(kms, rolePath, { [tokenHeader]: 'unknown' })).status).toBe(403);
});

test.each([undefined, '', '0', '21601', '-1', 'six'])('issues no token for a TTL of %s', async (ttl) => {
  await using kms = await start();

  expect((await requestToken(kms, ttl)).status).toBe(400);
});

test('accepts PUT only for the token', async () => {
  await using kms = await start();

  expect((await get(kms, 'latest/api/token', { [ttlHeader]: '60' })).status).toBe(405);
  expect((await send(kms, { method: 'PUT', path: rolePath })).status).toBe(405);
});

test('responds with 404 to other roles, other paths and without a role', async () => {
  await using kms = await start();

  expect((await get(kms, `${rolePath}Another`)).status).toBe(404);
  expect((await get(kms, 'latest/meta-data/region-id')).status).toBe(404);
  kms.metadata.detachRole();
  expect([(await get(kms, rolePath)).status, (await get(kms, credentialsPath)).status]).toEqual([404, 404]);
  kms.metadata.attachRole('Another');
  expect((await get(kms, `${rolePath}Another`)).status).toBe(200);
});

test('applies the permissions and the lifetime of the role', async () => {
  await using kms = await start();
  kms.put('other', 's3cret-other');
  kms.metadata.attachRole('FakeEcsRole', { secrets: ['db'], lifetime: 60 });

  const response = await get(kms, credentialsPath);

  expect((await readWith(kms, response)).status).toBe(200);
  expect((await readWith(kms, response, 'other')).status).toBe(403);
  kms.clock.pass(60_000);
  expect((await readWith(kms, response)).status).toBe(404);
});

test('returns the same keys for half of their lifetime', async () => {
  await using kms = await start();
  const idOf = async (): Promise<unknown> =>
    (JSON.parse((await get(kms, credentialsPath)).text) as TemporaryCredentials).AccessKeyId;

  const first = await idOf();
  kms.clock.pass(21_600_000 / 2 - 1000);
  const second = await idOf();
  kms.clock.pass(2000);

  expect(second).toBe(first);
  expect(await idOf()).not.toBe(first);
});

test('records requests by action, without tokens or keys', async () => {
  await using kms = await start();
  await requestToken(kms, '60');
  await get(kms, rolePath);
  await get(kms, credentialsPath);
  await get(kms, 'x');

  expect(kms.metadata.calls).toBe(4);
  expect(kms.metadata.requests.map(({ action, status }) => `${action} ${status}`)).toEqual([
    'token 200',
    'role 200',
    'credentials 200',
    'unknown 404',
  ]);
  expect(JSON.stringify(kms.metadata.requests)).not.toMatch(/Fake/);
  kms.metadata.clearRequests();
  expect(kms.metadata.calls).toBe(0);
});

test('the metadata server supports faults, stop and start', async () => {
  const kms = await start();
  kms.metadata.fault({ kind: 'html', status: 502 }, { times: 1 });
  expect((await get(kms, rolePath)).status).toBe(502);
  kms.metadata.fault({ kind: 'hang' });
  const controller = new AbortController();
  const pending = send(kms, { path: rolePath, signal: controller.signal });
  await expect.poll(() => kms.metadata.calls).toBe(2);
  controller.abort();
  await expect(pending).rejects.toThrow('aborted');

  kms.metadata.heal();
  await kms.metadata.stop();
  await expect(get(kms, rolePath)).rejects.toThrow('ECONNREFUSED');
  await kms.metadata.start();
  expect((await get(kms, rolePath)).status).toBe(200);
  await kms.close();
  await expect(get(kms, rolePath)).rejects.toThrow('ECONNREFUSED');
});

test('the credentials URI issues a new key per request', async () => {
  let now = Date.parse('2026-01-02T03:04:05Z');
  await using kms = await startFakeKms({ clock: { date: () => now } });
  kms.put('db', 's3cret-db');
  kms.credentialsUri.setLifetime(900);

  const first = await requestUri(kms);
  const second = await requestUri(kms);

  expect(JSON.parse(first.text)).toMatchObject({ Code: 'Success' });
  expect(Object.keys(JSON.parse(first.text) as object)).toEqual([
    'Code',
    'AccessKeyId',
    'AccessKeySecret',
    'SecurityToken',
    'Expiration',
  ]);
  expect(first.text).toContain('"Expiration":"2026-01-02T03:19:05Z"');
  expect(first.text === second.text).toBe(false);
  expect((await readWith(kms, first)).status).toBe(200);
  now += 900_000;
  expect((await readWith(kms, first)).status).toBe(404);
});

test('the credentials URI accepts only GET at its path', async () => {
  await using kms = await start();

  expect((await requestUri(kms, { method: 'POST' })).status).toBe(405);
  expect((await requestUri(kms, { path: '/x' })).status).toBe(404);
  expect([kms.credentialsUri.calls, kms.credentialsUri.requests.map(({ status }) => status)]).toEqual([2, [405, 404]]);
  kms.credentialsUri.clearRequests();
  expect(kms.credentialsUri.calls).toBe(0);
  for (const seconds of [0, 1.5, Number.NaN]) {
    expect(() => kms.credentialsUri.setLifetime(seconds)).toThrow('whole number');
  }
});

test('the credentials URI supports faults, stop and start', async () => {
  const kms = await start();
  kms.credentialsUri.fault({ kind: 'empty', status: 500 });
  expect((await requestUri(kms)).status).toBe(500);
  kms.credentialsUri.heal();
  await kms.credentialsUri.stop();
  await expect(requestUri(kms)).rejects.toThrow('ECONNREFUSED');
  await kms.credentialsUri.start();
  expect((await requestUri(kms)).status).toBe(200);
  await kms.close();
  await expect(requestUri(kms)).rejects.toThrow('ECONNREFUSED');
});

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.clock.set(Date.parse('2026-01-02T03:04:05Z'));
  kms.put('db', 's3cret-db');
  return kms;
}

interface MetadataRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function send(kms: FakeKms, { path, method = 'GET', headers = {}, signal }: MetadataRequest): Promise<TestResponse> {
  const request = { kms, url: kms.metadata.url, path: `/${path.replace(/^\//, '')}`, method };
  return sendRaw({ ...request, ...(signal !== undefined && { signal }) }, { query: '', headers, body: '' });
}

function get(kms: FakeKms, path: string, headers: Readonly<Record<string, string>> = {}): Promise<TestResponse> {
  return send(kms, { path, headers });
}

function requestToken(kms: FakeKms, ttl: string | undefined): Promise<TestResponse> {
  const headers = ttl === undefined ? {} : { [ttlHeader]: ttl };
  return send(kms, { method: 'PUT', path: 'latest/api/token', headers });
}

function requestUri(kms: FakeKms, change: { method?: string; path?: string } = {}): Promise<TestResponse> {
  const { origin, pathname } = new URL(kms.credentialsUri.url);
  const request = { kms, url: origin, path: pathname, method: 'GET', ...change };
  return sendRaw(request, { query: '', headers: {}, body: '' });
}

function readWith(kms: FakeKms, response: TestResponse, SecretName = 'db'): Promise<TestResponse> {
  const { AccessKeyId, AccessKeySecret, SecurityToken } = JSON.parse(response.text) as TemporaryCredentials;
  const key = { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret };
  return sendAcs3({ kms, key, securityToken: SecurityToken, parameters: { SecretName } });
}
