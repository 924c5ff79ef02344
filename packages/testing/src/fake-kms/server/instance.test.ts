import { connect } from 'node:tls';
import { once } from 'node:events';

import { expect, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeKmsOptions } from '../options.ts';
import { decodeResponse, decodeError, encodeRequest } from '../protobuf/messages.ts';
import { sendAcs3, sendInstance, sendRpc, sendRpcWithClientKey, sendRaw } from '../test-client.fixture.ts';
import type { TestResponse } from '../test-client.fixture.ts';

const region = 'kst-fake1';
const db = { SecretName: 'db' };

test('returns a secret over the instance API, with stages as a list', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  const response = await sendInstance({ kms, region, parameters: db }, key);
  const { SecretData, RequestId, CreateTime, ...rest } = decodeResponse(response.bytes);

  expect([response.status, response.headers['content-type']]).toEqual([200, 'application/x-protobuf']);
  expect(SecretData === 's3cret-db').toBe(true);
  expect([RequestId, CreateTime].every((text) => text !== '')).toBe(true);
  expect(rest).toMatchObject({
    SecretName: 'db',
    SecretType: 'Generic',
    VersionId: 'v1',
    VersionStages: ['ACSCurrent'],
  });
  expect(kms.requests[0]).toMatchObject({
    protocol: 'instance-api',
    region: 'cn-hangzhou',
    instance: region,
    secretName: 'db',
  });
  expect(JSON.stringify(kms.requests)).not.toMatch(/s3cret-|Bearer/);
});

test('supports stages, versions and ExtendedConfig', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  kms.put('rds', JSON.stringify({ AccountName: 'a', AccountPassword: 's3cret-1' }), { type: 'Rds' });
  kms.put('db', 's3cret-2', { versionId: 'v2' });
  const read = async (parameters: Record<string, string>): Promise<ReturnType<typeof decodeResponse>> =>
    decodeResponse((await sendInstance({ kms, region, parameters }, key)).bytes);

  expect((await read({ ...db, VersionStage: 'ACSPrevious' })).VersionId).toBe('v1');
  expect((await read({ ...db, VersionId: 'v1' })).VersionId).toBe('v1');
  expect((await read({ SecretName: 'rds', FetchExtendedConfig: 'true' })).ExtendedConfig).toContain('SecretSubType');
  expect((await read({ SecretName: 'rds' })).ExtendedConfig).toBe('');
});

test('accepts an identical request twice, without nonce', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  const repeated = { kms, region, parameters: db, date: new Date(kms.clock.date()).toUTCString() };

  expect([(await sendInstance(repeated, key)).status, (await sendInstance(repeated, key)).status]).toEqual([200, 200]);
});

test('supports OpenAPI with access keys, not with client keys', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'both' });

  const responses = [
    await sendRpc({ kms, region, parameters: db }),
    await sendAcs3({ kms, region, parameters: db }),
    await sendRpcWithClientKey({ kms, region, parameters: db }, key),
  ];

  expect(responses.map(({ status, text }) => [status, /"Code":"([^"]+)"/.exec(text)?.[1]])).toEqual([
    [200, undefined],
    [200, undefined],
    [400, 'InvalidSignatureMethod'],
  ]);
});

test('rejects unknown, foreign, expired and disabled keys', async () => {
  await using kms = await start();
  const shared = kms.createClientKey({ gateway: 'shared' });
  const own = kms.createClientKey({ gateway: 'instance', expiresAt: kms.clock.date() + 60_000 });
  const errorFor = async (key: typeof own): Promise<unknown> =>
    errorOf(await sendInstance({ kms, region, parameters: db }, key));

  expect(await errorFor(shared)).toEqual([403, 'Forbidden.NoPermission']);
  expect(await errorFor({ ...own, keyId: 'KAAP.unknown' })).toEqual([404, 'Unauthorized']);
  expect(await errorFor({ ...own, keyId: kms.accessKey.accessKeyId })).toEqual([404, 'Unauthorized']);
  expect(await errorFor({ ...own, privateKey: shared.privateKey })).toEqual([401, 'SignatureNotMatch']);
  kms.clock.pass(60_000);
  expect(await errorFor(own)).toEqual([404, 'Unauthorized']);
  kms.disableAccessKey(shared.keyId);
  expect(await errorFor(shared)).toEqual([404, 'Unauthorized']);
});

test('rejects secrets that the access point does not allow', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'both', secrets: ['db'] });

  const forbidden = await sendInstance({ kms, region, parameters: { SecretName: 'other' } }, key);

  expect(decodeError(forbidden.bytes)).toMatchObject({
    StatusCode: 403,
    ErrorCode: 'Forbidden.NoPermission',
    ErrorMessage: 'This operation for "other" is forbidden by permission system.',
  });
  expect((await sendInstance({ kms, region, parameters: db }, key)).status).toBe(200);
});

test.each([
  ['an unknown secret', { SecretName: 'unknown' }, undefined, 404, 'Forbidden.ResourceNotFound'],
  ['an unknown version', { ...db, VersionId: 'v9' }, undefined, 404, 'Forbidden.ResourceNotFound'],
  ['a missing name', {}, undefined, 400, 'InvalidParameter'],
  ['a malformed body', {}, Buffer.from('0a09', 'hex'), 400, 'InvalidParameter'],
] as const)('responds to %s with an Error message', async (...[, parameters, body, status, code]) => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  const response = await sendInstance({ kms, region, parameters, ...(body !== undefined && { body }) }, key);

  expect(decodeError(response.bytes)).toMatchObject({ StatusCode: status, ErrorCode: code });
  expect([response.status, response.headers['content-type']]).toEqual([status, 'application/x-protobuf']);
});

test('ignores unknown fields, and accepts only POST at /', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  const body = Buffer.concat([Buffer.from('a00607', 'hex'), encodeRequest(db)]);

  expect((await sendInstance({ kms, region, body }, key)).status).toBe(200);
  expect(errorOf(await sendInstance({ kms, region, parameters: db, path: '/x' }, key))[1]).toBe('UnsupportedOperation');
  expect(errorOf(await sendInstance({ kms, region, parameters: db, method: 'PUT' }, key))[1]).toBe(
    'UnsupportedOperation',
  );
});

test('accepts TOKEN only with acceptTokenScheme, Bearer always', async () => {
  const statuses: number[] = [];
  for (const acceptTokenScheme of [false, true]) {
    await using kms = await start({ acceptTokenScheme });
    const key = kms.createClientKey({ gateway: 'instance' });
    for (const scheme of ['TOKEN', 'Bearer']) {
      statuses.push((await sendInstance({ kms, region, parameters: db, scheme }, key)).status);
    }
  }

  expect(statuses).toEqual([400, 200, 200, 200]);
});

test('rejects a header that was added after signing', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  const response = await sendInstance({ kms, region, parameters: db, afterSigning: { 'x-kms-more': 'x' } }, key);

  expect(errorOf(response)).toEqual([401, 'SignatureNotMatch']);
  expect(response.text).not.toContain('x-kms-acccesskeyid');
});

test('rejects a body over 3 MiB with 413', async () => {
  await using kms = await start();

  const sent = sendRaw({ kms, region }, { query: '', headers: {}, body: 'x'.repeat(3 * 1024 * 1024 + 1) });

  const outcome = await sent.then(
    ({ status, text }) => [status, text],
    () => [413, ''],
  );
  expect(outcome).toEqual([413, '']);
});

test('applies faults of the instance in protobuf', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  const readDb = (): Promise<TestResponse> => sendInstance({ kms, region, parameters: db }, key);
  kms.fault({ kind: 'throttle', retryAfter: 7 }, { times: 1, region });
  kms.fault({ kind: 'malformed' }, { times: 1, region });
  kms.fault({ kind: 'wrongShape' }, { times: 1, region });
  kms.fault({ kind: 'otherSecret' }, { times: 1, region });
  kms.fault({ kind: 'oversized', bytes: 5000 }, { times: 1, region });
  kms.fault({ kind: 'html', status: 502 }, { times: 1, region });

  expect((await sendRpc({ kms, parameters: db })).status).toBe(200);
  const throttled = await readDb();
  expect(decodeError(throttled.bytes)).toMatchObject({ StatusCode: 429, ErrorCode: 'Rejected.Throttling' });
  expect(throttled.headers['x-acs-retry-after']).toBe('7');
  const malformed = await readDb();
  expect(() => decodeResponse(malformed.bytes)).toThrow('Invalid wire type');
  expect(decodeResponse((await readDb()).bytes)).toMatchObject({ SecretName: '', SecretData: '' });
  expect(decodeResponse((await readDb()).bytes).SecretName).toBe('other-secret');
  expect((await readDb()).bytes.length).toBeGreaterThan(5000);
  expect((await readDb()).status).toBe(502);
});

test('has a certificate for its host name and for loopback', async () => {
  await using kms = await start();
  const host = 'kst-fake1.cryptoservice.kms.aliyuncs.com';
  const { port } = kms.endpoint(region);

  const socket = connect({ host: '127.0.0.1', port, servername: host, ca: kms.caPem });
  await once(socket, 'secureConnect');
  const names = socket.getPeerCertificate().subjectaltname;
  socket.destroy();

  expect(names).toBe(`DNS:${host}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`);
});

test('stops and starts an instance by its id', async () => {
  await using kms = await start();

  expect(kms.endpoints.map(({ gateway, instance }) => [gateway, instance])).toEqual([
    ['shared', undefined],
    ['instance', region],
  ]);
  await kms.stop(region);
  await expect(sendRpc({ kms, region, parameters: db })).rejects.toThrow('ECONNREFUSED');
  await kms.start(region);
  expect((await sendRpc({ kms, region, parameters: db })).status).toBe(200);
});

test('a region includes its instances for stop() and faults', async () => {
  const first = 'kst-one';
  const second = 'kst-two';
  const instances = [
    { id: first, region: 'cn-hangzhou' },
    { id: second, region: 'cn-shanghai' },
  ];
  await using kms = await start({ regions: ['cn-hangzhou', 'cn-shanghai'], instances });
  const status = (name: string): Promise<unknown> =>
    sendRpc({ kms, region: name, parameters: db }).then(
      (response) => response.status,
      (error: Error & { code?: string }) => error.code,
    );
  const statuses = (): Promise<unknown> => Promise.all(['cn-hangzhou', first, 'cn-shanghai', second].map(status));

  await kms.stop('cn-hangzhou');
  kms.fault({ kind: 'throttle' }, { region: second });
  expect(await statuses()).toEqual(['ECONNREFUSED', 'ECONNREFUSED', 200, 429]);
  await kms.start('cn-hangzhou');
  kms.heal(second);
  kms.fault({ kind: 'throttle' }, { region: 'cn-shanghai' });
  expect(await statuses()).toEqual([200, 200, 429, 429]);
  expect(kms.requests.map(({ region: regionId, instance }) => [regionId, instance])).toContainEqual([
    'cn-shanghai',
    second,
  ]);
});

async function start(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const kms = await startFakeKms({ instances: [region], ...options });
  kms.put('db', 's3cret-db', { versionId: 'v1' });
  return kms;
}

function errorOf({ status, bytes }: TestResponse): [number, string] {
  const { StatusCode, ErrorCode } = decodeError(bytes);
  expect(StatusCode).toBe(status);
  return [StatusCode, ErrorCode];
}
