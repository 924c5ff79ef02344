import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:http';

import { expect, onTestFinished, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { sendRpcWithClientKey, sendRaw } from '../test-client.fixture.ts';
import { startAdmin } from './admin.ts';

const roleArn = 'acs:ram::1234567890123456:role/reader';
const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack';

interface AdminResponse {
  readonly status: number;
  readonly body: unknown;
}

async function start(): Promise<{
  readonly kms: FakeKms;
  readonly get: (path: string) => Promise<AdminResponse>;
  readonly post: (path: string, body?: object) => Promise<AdminResponse>;
}> {
  const kms = await startFakeKms({ instances: ['kst-one'] });
  const admin = await startAdmin(kms);
  onTestFinished(async () => {
    await admin.close();
    await kms.close();
  });
  const send = (method: string, path: string, body?: object): Promise<AdminResponse> => {
    const json = { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    // Not fetch, which sends Sec-Fetch headers like a browser, and the admin API rejects those.
    return new Promise((resolve, reject) => {
      const outgoing = request(admin.url + path, { method, headers: json.headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as unknown }));
      });
      outgoing.on('error', reject).end(body === undefined ? undefined : json.body);
    });
  };
  return { kms, get: (path) => send('GET', path), post: (path, body = {}) => send('POST', path, body) };
}

/** The status of AssumeRoleWithOIDC, which needs no signature. */
async function assumeRole(kms: FakeKms, token: string): Promise<number> {
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
  return (await sendRaw({ kms, url: kms.sts.url }, { query: String(query), headers, body: String(body) })).status;
}

test('returns the addresses of all servers', async () => {
  const { kms, get } = await start();

  expect((await get('/servers')).body).toEqual({
    endpoints: kms.endpoints.map((endpoint) => JSON.parse(JSON.stringify(endpoint)) as unknown),
    caFilePath: kms.caFilePath,
    sts: { url: kms.sts.url, endpoint: kms.sts.endpoint },
    metadata: { url: kms.metadata.url },
    credentialsUri: { url: kms.credentialsUri.url },
  });
});

test('creates a client key and returns only the paths of its files', async () => {
  const { kms, post } = await start();
  kms.put('db', 's3cret-db');
  const expiresAt = kms.clock.date() + 60_000;

  const { status, body } = await post('/create-client-key', { gateway: 'shared', secrets: ['other'], expiresAt });

  expect([status, Object.keys(body as object)]).toEqual([200, ['keyId', 'keyFile', 'passwordFile']]);
  const { keyId } = body as { readonly keyId: string };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // The test has no access to the private key. A signature error shows that the key id is registered.
  const response = await sendRpcWithClientKey({ kms, parameters: { SecretName: 'db' } }, { keyId, privateKey });
  expect(response.text).toContain('SignatureDoesNotMatch');
  await post('/disable-access-key', { accessKeyId: keyId });
  expect((await sendRpcWithClientKey({ kms }, { keyId, privateKey })).text).toContain('InvalidAccessKeyId.Inactive');
  await post('/remove-access-key', { accessKeyId: keyId });
  expect((await sendRpcWithClientKey({ kms }, { keyId, privateKey })).text).toContain('InvalidAccessKeyId.NotFound');
});

test('controls the roles, tokens, faults and port of STS', async () => {
  const { kms, get, post } = await start();
  const statuses: unknown[] = [];
  const recordStatus = async (): Promise<void> => {
    statuses.push(await assumeRole(kms, 's3cret-oidc').catch((error: Error & { code?: string }) => error.code));
  };

  await recordStatus();
  await post('/sts/add-role', { arn: roleArn, maxDuration: 7_200, secrets: ['db'], trustedKeyIds: [] });
  await post('/sts/register-oidc-token', { providerArn, token: 's3cret-oidc', expiresAt: kms.clock.date() + 60_000 });
  await recordStatus();
  await post('/sts/fault', { kind: 'html', status: 502, times: 1 });
  await recordStatus();
  await post('/sts/fault', { kind: 'html', status: 503 });
  await recordStatus();
  await post('/sts/heal');
  await recordStatus();
  await post('/sts/stop');
  await recordStatus();
  await post('/sts/start');
  await post('/sts/remove-role', { arn: roleArn });
  await recordStatus();

  expect(statuses).toEqual([404, 200, 502, 503, 200, 'ECONNREFUSED', 404]);
  const { body } = await get('/sts/requests');
  expect(body).toHaveLength(6);
  expect(JSON.stringify(body).includes('s3cret-')).toBe(false);
  await post('/sts/clear-requests');
  expect((await get('/sts/requests')).body).toEqual([]);
});

test('controls the role and the hardening of the metadata server', async () => {
  const { kms, post } = await start();
  const get = async (path: string): Promise<[number, string]> => {
    const { status, text } = await sendRaw(
      { kms, url: kms.metadata.url, method: 'GET', path: `/latest/meta-data/ram/security-credentials/${path}` },
      { query: '', headers: {}, body: '' },
    );
    return [status, path === '' ? text : ''];
  };

  await post('/metadata/attach-role', { name: 'mine', secrets: ['db'], lifetime: 900 });
  expect([await get(''), await get('mine')]).toEqual([
    [200, 'mine'],
    [200, ''],
  ]);
  await post('/metadata/enable-hardening');
  expect((await get(''))[0]).toBe(403);
  await post('/metadata/disable-hardening');
  await post('/metadata/detach-role');
  expect((await get(''))[0]).toBe(404);
});

test('sets the lifetime of keys from the credentials URI', async () => {
  const { kms, post } = await start();

  await post('/credentials-uri/set-lifetime', { seconds: 60 });

  const url = new URL(kms.credentialsUri.url);
  const { text } = await sendRaw(
    { kms, url: url.origin, method: 'GET', path: url.pathname },
    { query: '', headers: {}, body: '' },
  );
  const { Expiration } = JSON.parse(text) as { readonly Expiration: string };
  expect(Date.parse(Expiration) - kms.clock.date()).toBeLessThanOrEqual(60_000);
});

test.each([
  ['/create-client-key', { gateway: 'unknown' }, 'gateway must be one of shared, instance, both'],
  ['/sts/add-role', { arn: 'reader' }, 'The ARN of a role must have the form'],
  ['/sts/register-oidc-token', { providerArn, token: '' }, 'An OIDC token must not be empty'],
  ['/metadata/enable-hardening', { now: true }, 'has an unknown field now'],
  ['/credentials-uri/set-lifetime', { seconds: 0 }, 'A lifetime must be a whole number of seconds'],
])('%s rejects %j with a message', async (path, body, message) => {
  const { post } = await start();

  const response = await post(path, body);

  expect(response.status).toBe(400);
  expect(JSON.stringify(response.body)).toContain(message);
});
