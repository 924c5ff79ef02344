import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { TemporaryCredentials } from '../sts/temporary-keys.ts';
import { askAcs3, send } from '../test-client.fixture.ts';
import type { TrialAnswer } from '../test-client.fixture.ts';

const rolePath = 'latest/meta-data/ram/security-credentials/';
const credentialsPath = `${rolePath}FakeEcsRole`;
const ttlHeader = 'X-aliyun-ecs-metadata-token-ttl-seconds';
const tokenHeader = 'X-aliyun-ecs-metadata-token';

test('by a token come the name of the role and its keys, which read until they expire', async () => {
  await using kms = await start();
  const { text: token } = await giveToken(kms, '21600');
  const headers = { [tokenHeader]: token };

  const role = await get(kms, rolePath, headers);
  const answer = await get(kms, `${rolePath}${role.text}`, headers);
  const { Expiration, LastUpdated, Code } = JSON.parse(answer.text) as Record<string, string>;

  expect([role.status, role.text, answer.status, Code]).toEqual([200, 'FakeEcsRole', 200, 'Success']);
  expect([LastUpdated, Expiration]).toEqual(['2026-01-02T03:04:05Z', '2026-01-02T09:04:05Z']);
  expect((await readWith(kms, answer)).status).toBe(200);
  kms.clock.pass(21_600_000);
  expect((await readWith(kms, answer)).status).toBe(404);
});

test('without a token it answers too, until it is hardened', async () => {
  await using kms = await start();
  const paths = [rolePath, credentialsPath];
  const both = async (): Promise<number[]> => {
    const answers = [];
    for (const path of paths) answers.push((await get(kms, path)).status);
    return answers;
  };

  expect(await both()).toEqual([200, 200]);
  kms.metadata.enableHardening();
  expect(await both()).toEqual([403, 403]);
  const { text } = await giveToken(kms, '60');
  expect((await get(kms, rolePath, { [tokenHeader]: text })).status).toBe(200);
  kms.metadata.disableHardening();
  expect(await both()).toEqual([200, 200]);
});

test('a token is good for its time, and one that was never given is refused', async () => {
  let now = Date.parse('2026-01-02T03:04:05Z');
  await using kms = await startFakeKms({ clock: { date: () => now } });
  const headers = { [tokenHeader]: (await giveToken(kms, '60')).text };

  now += 59_999;
  await giveToken(kms, '60');
  expect((await get(kms, rolePath, headers)).status).toBe(200);
  now += 1;
  expect((await get(kms, rolePath, headers)).status).toBe(403);
  expect((await get(kms, rolePath, { [tokenHeader]: 'made-up' })).status).toBe(403);
});

test.each([undefined, '', '0', '21601', '-1', 'six'])('no token is given for a time of %s', async (ttl) => {
  await using kms = await start();

  expect((await giveToken(kms, ttl)).status).toBe(400);
});

test('PUT is for the token alone, and the token for PUT', async () => {
  await using kms = await start();

  expect((await get(kms, 'latest/api/token', { [ttlHeader]: '60' })).status).toBe(405);
  expect((await ask(kms, { method: 'PUT', path: rolePath })).status).toBe(405);
});

test('there is nothing for another role, elsewhere, or on a machine without a role', async () => {
  await using kms = await start();

  expect((await get(kms, `${rolePath}Another`)).status).toBe(404);
  expect((await get(kms, 'latest/meta-data/region-id')).status).toBe(404);
  kms.metadata.detachRole();
  expect([(await get(kms, rolePath)).status, (await get(kms, credentialsPath)).status]).toEqual([404, 404]);
  kms.metadata.attachRole('Another');
  expect((await get(kms, `${rolePath}Another`)).status).toBe(200);
});

test('a role reads what it may, for as long as it was told', async () => {
  await using kms = await start();
  kms.put('other', 's3cret-other');
  kms.metadata.attachRole('FakeEcsRole', { secrets: ['db'], lifetime: 60 });

  const answer = await get(kms, credentialsPath);

  expect((await readWith(kms, answer)).status).toBe(200);
  expect((await readWith(kms, answer, 'other')).status).toBe(403);
  kms.clock.pass(60_000);
  expect((await readWith(kms, answer)).status).toBe(404);
});

test('the keys stay the same for half of their time', async () => {
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

test('its requests are counted and recorded by what they were for, without tokens or keys', async () => {
  await using kms = await start();
  await giveToken(kms, '60');
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

test('the metadata server fails, hangs and goes away as it is told, and is gone on close', async () => {
  const kms = await start();
  kms.metadata.fault({ kind: 'html', status: 502 }, { times: 1 });
  expect((await get(kms, rolePath)).status).toBe(502);
  kms.metadata.fault({ kind: 'hang' });
  const patience = new AbortController();
  const asked = ask(kms, { path: rolePath, signal: patience.signal });
  while (kms.metadata.calls < 2) await setImmediate();
  patience.abort();
  await expect(asked).rejects.toThrow('aborted');

  kms.metadata.heal();
  await kms.metadata.stop();
  await expect(get(kms, rolePath)).rejects.toThrow('ECONNREFUSED');
  await kms.metadata.start();
  expect((await get(kms, rolePath)).status).toBe(200);
  await kms.close();
  await expect(get(kms, rolePath)).rejects.toThrow('ECONNREFUSED');
});

test('the credentials address gives a new key every time, which reads until it expires', async () => {
  let now = Date.parse('2026-01-02T03:04:05Z');
  await using kms = await startFakeKms({ clock: { date: () => now } });
  kms.put('db', 's3cret-db');
  kms.credentialsUri.setLifetime(900);

  const [one, other] = [await askUri(kms), await askUri(kms)];

  expect(Object.keys(JSON.parse(one.text) as object)).toEqual([
    'AccessKeyId',
    'AccessKeySecret',
    'SecurityToken',
    'Expiration',
  ]);
  expect(one.text).toContain('"Expiration":"2026-01-02T03:19:05Z"');
  expect(one.text === other.text).toBe(false);
  expect((await readWith(kms, one)).status).toBe(200);
  now += 900_000;
  expect((await readWith(kms, one)).status).toBe(404);
});

test('at the credentials address only GET and only its path are answered', async () => {
  await using kms = await start();

  expect((await askUri(kms, { method: 'POST' })).status).toBe(405);
  expect((await askUri(kms, { path: '/x' })).status).toBe(404);
  expect([kms.credentialsUri.calls, kms.credentialsUri.requests.map(({ status }) => status)]).toEqual([2, [405, 404]]);
  kms.credentialsUri.clearRequests();
  expect(kms.credentialsUri.calls).toBe(0);
  expect(() => kms.credentialsUri.setLifetime(0)).toThrow('whole number');
});

test('the credentials address fails and goes away as it is told, and is gone on close', async () => {
  const kms = await start();
  kms.credentialsUri.fault({ kind: 'empty', status: 500 });
  expect((await askUri(kms)).status).toBe(500);
  kms.credentialsUri.heal();
  await kms.credentialsUri.stop();
  await expect(askUri(kms)).rejects.toThrow('ECONNREFUSED');
  await kms.credentialsUri.start();
  expect((await askUri(kms)).status).toBe(200);
  await kms.close();
  await expect(askUri(kms)).rejects.toThrow('ECONNREFUSED');
});

async function start(): Promise<FakeKms> {
  const kms = await startFakeKms();
  kms.clock.set(Date.parse('2026-01-02T03:04:05Z'));
  kms.put('db', 's3cret-db');
  return kms;
}

interface Question {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function ask(kms: FakeKms, { path, method = 'GET', headers = {}, signal }: Question): Promise<TrialAnswer> {
  const trial = { kms, url: kms.metadata.url, path: `/${path.replace(/^\//, '')}`, method };
  return send({ ...trial, ...(signal !== undefined && { signal }) }, { query: '', headers, body: '' });
}

function get(kms: FakeKms, path: string, headers: Readonly<Record<string, string>> = {}): Promise<TrialAnswer> {
  return ask(kms, { path, headers });
}

function giveToken(kms: FakeKms, ttl: string | undefined): Promise<TrialAnswer> {
  const headers = ttl === undefined ? {} : { [ttlHeader]: ttl };
  return ask(kms, { method: 'PUT', path: 'latest/api/token', headers });
}

function askUri(kms: FakeKms, change: { method?: string; path?: string } = {}): Promise<TrialAnswer> {
  const { origin, pathname } = new URL(kms.credentialsUri.url);
  const trial = { kms, url: origin, path: pathname, method: 'GET', ...change };
  return send(trial, { query: '', headers: {}, body: '' });
}

function readWith(kms: FakeKms, answer: TrialAnswer, SecretName = 'db'): Promise<TrialAnswer> {
  const { AccessKeyId, AccessKeySecret, SecurityToken } = JSON.parse(answer.text) as TemporaryCredentials;
  const key = { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret };
  return askAcs3({ kms, key, securityToken: SecurityToken, parameters: { SecretName } });
}
