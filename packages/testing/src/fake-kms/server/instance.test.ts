import { connect } from 'node:tls';
import { once } from 'node:events';

import { expect, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeKmsOptions } from '../options.ts';
import { decodeAnswer, decodeError, encodeRequest } from '../protobuf/messages.ts';
import { askAcs3, askInstance, askRpc, askWithClientKey, send } from '../test-client.fixture.ts';
import type { TrialAnswer } from '../test-client.fixture.ts';

const region = 'kst-fake1';
const db = { SecretName: 'db' };

test('an instance answers in its own API, with its stages as a plain list', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  const answer = await askInstance({ kms, region, parameters: db }, key);
  const { SecretData, RequestId, CreateTime, ...rest } = decodeAnswer(answer.bytes);

  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/x-protobuf']);
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

test('a stage, a version and the extended configuration can be asked for', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  kms.put('rds', JSON.stringify({ AccountName: 'a', AccountPassword: 's3cret-1' }), { type: 'Rds' });
  kms.put('db', 's3cret-2', { versionId: 'v2' });
  const ask = async (parameters: Record<string, string>): Promise<ReturnType<typeof decodeAnswer>> =>
    decodeAnswer((await askInstance({ kms, region, parameters }, key)).bytes);

  expect((await ask({ ...db, VersionStage: 'ACSPrevious' })).VersionId).toBe('v1');
  expect((await ask({ ...db, VersionId: 'v1' })).VersionId).toBe('v1');
  expect((await ask({ SecretName: 'rds', FetchExtendedConfig: 'true' })).ExtendedConfig).toContain('SecretSubType');
  expect((await ask({ SecretName: 'rds' })).ExtendedConfig).toBe('');
});

test('the same request twice is answered twice: the API has no nonce', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  const trial = { kms, region, parameters: db, date: new Date(kms.clock.date()).toUTCString() };

  expect([(await askInstance(trial, key)).status, (await askInstance(trial, key)).status]).toEqual([200, 200]);
});

test('an instance speaks OpenAPI too, in both signatures, but not with client keys', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'both' });

  const answers = [
    await askRpc({ kms, region, parameters: db }),
    await askAcs3({ kms, region, parameters: db }),
    await askWithClientKey({ kms, region, parameters: db }, key),
  ];

  expect(answers.map(({ status, text }) => [status, /"Code":"([^"]+)"/.exec(text)?.[1]])).toEqual([
    [200, undefined],
    [200, undefined],
    [400, 'InvalidSignatureMethod'],
  ]);
});

test('keys are told apart: of the other gateway, expired, disabled, of another kind, of nobody', async () => {
  await using kms = await start();
  const shared = kms.createClientKey({ gateway: 'shared' });
  const own = kms.createClientKey({ gateway: 'instance', expiresAt: kms.clock.date() + 60_000 });
  const ask = async (key: typeof own): Promise<unknown> =>
    errorOf(await askInstance({ kms, region, parameters: db }, key));

  expect(await ask(shared)).toEqual([403, 'Forbidden.NoPermission']);
  expect(await ask({ ...own, keyId: 'KAAP.nobody' })).toEqual([404, 'Unauthorized']);
  expect(await ask({ ...own, keyId: kms.accessKey.accessKeyId })).toEqual([404, 'Unauthorized']);
  expect(await ask({ ...own, privateKey: shared.privateKey })).toEqual([401, 'SignatureNotMatch']);
  kms.clock.pass(60_000);
  expect(await ask(own)).toEqual([404, 'Unauthorized']);
  kms.disableAccessKey(shared.keyId);
  expect(await ask(shared)).toEqual([404, 'Unauthorized']);
});

test('the access point says what may be read', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'both', secrets: ['db'] });

  const forbidden = await askInstance({ kms, region, parameters: { SecretName: 'other' } }, key);

  expect(decodeError(forbidden.bytes)).toMatchObject({
    StatusCode: 403,
    ErrorCode: 'Forbidden.NoPermission',
    ErrorMessage: 'This operation for "other" is forbidden by permission system.',
  });
  expect((await askInstance({ kms, region, parameters: db }, key)).status).toBe(200);
});

test.each([
  ['an unknown secret', { SecretName: 'nowhere' }, undefined, 404, 'Forbidden.ResourceNotFound'],
  ['an unknown version', { ...db, VersionId: 'v9' }, undefined, 404, 'Forbidden.ResourceNotFound'],
  ['no name', {}, undefined, 400, 'InvalidParameter'],
  ['a body that is no message', {}, Buffer.from('0a09', 'hex'), 400, 'InvalidParameter'],
] as const)('%s is refused as an Error message', async (...[, parameters, body, status, code]) => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  const answer = await askInstance({ kms, region, parameters, ...(body !== undefined && { body }) }, key);

  expect(decodeError(answer.bytes)).toMatchObject({ StatusCode: status, ErrorCode: code });
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/x-protobuf']);
});

test('an unknown field is passed over, and only POST at the root is taken', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  const body = Buffer.concat([Buffer.from('a00607', 'hex'), encodeRequest(db)]);

  expect((await askInstance({ kms, region, body }, key)).status).toBe(200);
  expect(errorOf(await askInstance({ kms, region, parameters: db, path: '/x' }, key))[1]).toBe('UnsupportedOperation');
  expect(errorOf(await askInstance({ kms, region, parameters: db, method: 'PUT' }, key))[1]).toBe(
    'UnsupportedOperation',
  );
});

test('TOKEN is taken where that is switched on, and Bearer always', async () => {
  const answers: number[] = [];
  for (const takesTokenScheme of [false, true]) {
    await using kms = await start({ acceptTokenScheme: takesTokenScheme });
    const key = kms.createClientKey({ gateway: 'instance' });
    for (const scheme of ['TOKEN', 'Bearer']) {
      answers.push((await askInstance({ kms, region, parameters: db, scheme }, key)).status);
    }
  }

  expect(answers).toEqual([400, 200, 200, 200]);
});

test('a header that was changed on the way does not match the signature', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });

  const answer = await askInstance({ kms, region, parameters: db, after: { 'x-kms-more': 'x' } }, key);

  expect(errorOf(answer)).toEqual([401, 'SignatureNotMatch']);
  expect(answer.text).not.toContain('x-kms-acccesskeyid');
});

test('a body of more than 3 MiB is refused without a word', async () => {
  await using kms = await start();

  const sent = send({ kms, region }, { query: '', headers: {}, body: 'x'.repeat(3 * 1024 * 1024 + 1) });

  const outcome = await sent.then(
    ({ status, text }) => [status, text],
    () => [413, ''],
  );
  expect(outcome).toEqual([413, '']);
});

test('faults speak protobuf there, and strike the place they were planted for', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'instance' });
  const ask = (): Promise<TrialAnswer> => askInstance({ kms, region, parameters: db }, key);
  kms.fault({ kind: 'throttle', retryAfter: 7 }, { times: 1, region });
  kms.fault({ kind: 'malformed' }, { times: 1, region });
  kms.fault({ kind: 'wrongShape' }, { times: 1, region });
  kms.fault({ kind: 'otherSecret' }, { times: 1, region });
  kms.fault({ kind: 'oversized', bytes: 5000 }, { times: 1, region });
  kms.fault({ kind: 'html', status: 502 }, { times: 1, region });

  expect((await askRpc({ kms, parameters: db })).status).toBe(200);
  const throttled = await ask();
  expect(decodeError(throttled.bytes)).toMatchObject({ StatusCode: 429, ErrorCode: 'Rejected.Throttling' });
  expect(throttled.headers['x-acs-retry-after']).toBe('7');
  const rubbish = await ask();
  expect(() => decodeAnswer(rubbish.bytes)).toThrow('no such wire type');
  expect(decodeAnswer((await ask()).bytes)).toMatchObject({ SecretName: '', SecretData: '' });
  expect(decodeAnswer((await ask()).bytes).SecretName).toBe('other-secret');
  expect((await ask()).bytes.length).toBeGreaterThan(5000);
  expect((await ask()).status).toBe(502);
});

test('an instance has a certificate of its own, for its name and for loopback', async () => {
  await using kms = await start();
  const host = 'kst-fake1.cryptoservice.kms.aliyuncs.com';
  const { port } = kms.endpoint(region);

  const socket = connect({ host: '127.0.0.1', port, servername: host, ca: kms.caPem });
  await once(socket, 'secureConnect');
  const names = socket.getPeerCertificate().subjectaltname;
  socket.destroy();

  expect(names).toBe(`DNS:${host}, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1`);
});

test('its port is stopped and started by its id, and stands behind those of the regions', async () => {
  await using kms = await start();

  expect(kms.endpoints.map(({ gateway, instance }) => [gateway, instance])).toEqual([
    ['shared', undefined],
    ['instance', region],
  ]);
  await kms.stop(region);
  await expect(askRpc({ kms, region, parameters: db })).rejects.toThrow('ECONNREFUSED');
  await kms.start(region);
  expect((await askRpc({ kms, region, parameters: db })).status).toBe(200);
});

test('what befalls a region befalls its instances, and what befalls an instance nobody else', async () => {
  const [first, second] = ['kst-one', 'kst-two'];
  const instances = [
    { id: first, region: 'cn-hangzhou' },
    { id: second, region: 'cn-shanghai' },
  ];
  await using kms = await start({ regions: ['cn-hangzhou', 'cn-shanghai'], instances });
  const status = (name: string): Promise<unknown> =>
    askRpc({ kms, region: name, parameters: db }).then(
      (answer) => answer.status,
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
  expect(kms.requests.map(({ region: at, instance }) => [at, instance])).toContainEqual(['cn-shanghai', second]);
});

test('an instance is in one of the regions', async () => {
  const instances = [{ id: 'kst-one', region: 'cn-beijing' }];

  await expect(startFakeKms({ instances })).rejects.toThrow(
    'kst-one is in cn-beijing, which is not one of the regions',
  );
});

test.each([[['hzz1']], [['kst-']], [['kst-a', 'kst-a']]])('instances %j make no sense', async (instances) => {
  await expect(startFakeKms({ instances })).rejects.toThrow('instance');
});

test('the ports of instances count too: the last one must be a port', async () => {
  await expect(startFakeKms({ port: 65_535, instances: [region] })).rejects.toThrow('last region or instance');
});

test('settings name the files of a client key, and the instances with their key', async () => {
  await using kms = await start();
  const key = kms.createClientKey({ gateway: 'both' });
  const shared = kms.environment({ clientKey: key });
  const instance = kms.environment({ instanceKey: key });
  const [at, there] = [kms.endpoint('cn-hangzhou').endpoint, kms.endpoint(region).endpoint];
  const { caFilePath } = kms;

  expect(shared).toEqual({
    credentials_type: 'client_key',
    client_key_private_key_path: key.keyFile,
    client_key_password_from_file_path: key.passwordFile,
    cache_client_region_id: JSON.stringify([{ regionId: 'cn-hangzhou', endpoint: at, caFilePath }]),
  });
  expect(Object.keys(instance)).toEqual(['cache_client_dkms_config_info']);
  expect(JSON.parse(instance['cache_client_dkms_config_info'] ?? '')).toEqual([
    {
      regionId: 'cn-hangzhou',
      endpoint: there,
      clientKeyFile: key.keyFile,
      passwordFromFilePath: key.passwordFile,
      caFilePath,
    },
  ]);
  expect(kms.environment({ clientKey: key, instanceKey: key })).toEqual({ ...shared, ...instance });
  expect(kms.environment()['cache_client_region_id']).toBe(shared['cache_client_region_id']);
  expect(kms.properties({ clientKey: key })).toContain('credentials_type=client_key\n');
});

test('settings for instances need an instance', async () => {
  await using kms = await startFakeKms();
  const key = kms.createClientKey({ gateway: 'instance' });

  expect(() => kms.environment({ instanceKey: key })).toThrow('has no instance');
});

async function start(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const kms = await startFakeKms({ instances: [region], ...options });
  kms.put('db', 's3cret-db', { versionId: 'v1' });
  return kms;
}

function errorOf({ status, bytes }: TrialAnswer): [number, string] {
  const { StatusCode, ErrorCode } = decodeError(bytes);
  expect(StatusCode).toBe(status);
  return [StatusCode, ErrorCode];
}
