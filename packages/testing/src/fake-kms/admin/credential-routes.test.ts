import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:http';

import { expect, onTestFinished, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { askWithClientKey, send } from '../test-client.fixture.ts';
import { startAdmin } from './admin.ts';

const roleArn = 'acs:ram::1234567890123456:role/reader';
const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack';

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

async function start(): Promise<{
  readonly kms: FakeKms;
  readonly get: (path: string) => Promise<Reply>;
  readonly post: (path: string, body?: object) => Promise<Reply>;
}> {
  const kms = await startFakeKms({ instances: ['kst-one'] });
  const admin = await startAdmin(kms);
  onTestFinished(async () => {
    await admin.close();
    await kms.close();
  });
  const ask = (method: string, path: string, body?: object): Promise<Reply> => {
    const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    // Not fetch: it says where it comes from as browsers do, and the admin API does nothing for those.
    return new Promise((resolve, reject) => {
      const asked = request(admin.url + path, { method, headers: json.headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }));
      });
      asked.on('error', reject).end(body === undefined ? undefined : json.body);
    });
  };
  return { kms, get: (path) => ask('GET', path), post: (path, body = {}) => ask('POST', path, body) };
}

/** Of AssumeRoleWithOIDC, which needs no signature. */
async function assume(kms: FakeKms, token: string): Promise<number> {
  const query = new URLSearchParams({
    Version: '2015-04-01',
    Action: 'AssumeRoleWithOIDC',
    Format: 'JSON',
    Timestamp: new Date(kms.clock.date()).toISOString().replace(/\.\d+/, ''),
  });
  const body = new URLSearchParams({
    OIDCProviderArn: providerArn,
    OIDCToken: token,
    RoleArn: roleArn,
    RoleSessionName: 'reader',
  });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return (await send({ kms, url: kms.sts.url }, { query: String(query), headers, body: String(body) })).status;
}

test('where every server listens is told', async () => {
  const { kms, get } = await start();

  expect((await get('/servers')).body).toEqual({
    endpoints: kms.endpoints.map((endpoint) => JSON.parse(JSON.stringify(endpoint)) as unknown),
    caFilePath: kms.caFilePath,
    sts: { url: kms.sts.url, endpoint: kms.sts.endpoint },
    metadata: { url: kms.metadata.url },
    credentialsUri: { url: kms.credentialsUri.url },
  });
});

test('a client key is made, with its rights and its end; told are its files, and nothing that is in them', async () => {
  const { kms, post } = await start();
  kms.put('db', 's3cret-db');
  const expiresAt = kms.clock.date() + 60_000;

  const { status, body } = await post('/create-client-key', { gateway: 'shared', secrets: ['other'], expiresAt });

  expect([status, Object.keys(body as object)]).toEqual([200, ['keyId', 'keyFile', 'passwordFile']]);
  const { keyId } = body as { readonly keyId: string };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Another key under its name: that it is known, and that the signature is looked at, is all that can be seen from here.
  const answer = await askWithClientKey({ kms, parameters: { SecretName: 'db' } }, { keyId, privateKey });
  expect(answer.text).toContain('SignatureDoesNotMatch');
  await post('/disable-access-key', { accessKeyId: keyId });
  expect((await askWithClientKey({ kms }, { keyId, privateKey })).text).toContain('InvalidAccessKeyId.Inactive');
  await post('/remove-access-key', { accessKeyId: keyId });
  expect((await askWithClientKey({ kms }, { keyId, privateKey })).text).toContain('InvalidAccessKeyId.NotFound');
});

test('roles and OIDC tokens of STS are given and taken, with faults, requests, stop and start', async () => {
  const { kms, get, post } = await start();
  const statuses: unknown[] = [];
  const note = async (): Promise<void> => {
    statuses.push(await assume(kms, 's3cret-oidc').catch((error: Error & { code?: string }) => error.code));
  };

  await note();
  await post('/sts/add-role', { arn: roleArn, maxDuration: 7_200, secrets: ['db'], trusts: [] });
  await post('/sts/register-oidc-token', { providerArn, token: 's3cret-oidc', expiresAt: kms.clock.date() + 60_000 });
  await note();
  await post('/sts/fault', { kind: 'html', status: 502, times: 1 });
  await note();
  await post('/sts/fault', { kind: 'html', status: 503 });
  await note();
  await post('/sts/heal');
  await note();
  await post('/sts/stop');
  await note();
  await post('/sts/start');
  await post('/sts/remove-role', { arn: roleArn });
  await note();

  expect(statuses).toEqual([404, 200, 502, 503, 200, 'ECONNREFUSED', 404]);
  const { body } = await get('/sts/requests');
  expect(body).toHaveLength(6);
  expect(JSON.stringify(body).includes('s3cret-')).toBe(false);
  await post('/sts/clear-requests');
  expect((await get('/sts/requests')).body).toEqual([]);
});

test('the metadata service gets and loses a role, and is hardened', async () => {
  const { kms, post } = await start();
  const ask = async (path: string): Promise<[number, string]> => {
    const { status, text } = await send(
      { kms, url: kms.metadata.url, method: 'GET', path: `/latest/meta-data/ram/security-credentials/${path}` },
      { query: '', headers: {}, body: '' },
    );
    return [status, path === '' ? text : ''];
  };

  await post('/metadata/attach-role', { name: 'mine', secrets: ['db'], lifetime: 900 });
  expect([await ask(''), await ask('mine')]).toEqual([
    [200, 'mine'],
    [200, ''],
  ]);
  await post('/metadata/enable-hardening');
  expect((await ask(''))[0]).toBe(403);
  await post('/metadata/disable-hardening');
  await post('/metadata/detach-role');
  expect((await ask(''))[0]).toBe(404);
});

test('how long temporary keys from the address last can be set', async () => {
  const { kms, post } = await start();

  await post('/credentials-uri/set-lifetime', { seconds: 60 });

  const url = new URL(kms.credentialsUri.url);
  const { text } = await send(
    { kms, url: url.origin, method: 'GET', path: url.pathname },
    { query: '', headers: {}, body: '' },
  );
  const { Expiration } = JSON.parse(text) as { readonly Expiration: string };
  expect(Date.parse(Expiration) - kms.clock.date()).toBeLessThanOrEqual(60_000);
});

test.each([
  ['/create-client-key', { gateway: 'nowhere' }, 'gateway must be one of shared, instance, both'],
  ['/sts/add-role', { arn: 'reader' }, 'The ARN of a role looks like'],
  ['/sts/register-oidc-token', { providerArn, token: '' }, 'An OIDC token is not empty'],
  ['/metadata/enable-hardening', { now: true }, 'has no field now'],
  ['/credentials-uri/set-lifetime', { seconds: 0 }, 'A lifetime is a whole number of seconds'],
])('%s with %j is refused in words', async (path, body, words) => {
  const { post } = await start();

  const refused = await post(path, body);

  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain(words);
});
