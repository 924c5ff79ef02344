import { expect, test } from 'vitest';

import { startFakeKms } from '../start-fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeKmsOptions } from '../options.ts';
import { acs3StringToSign } from '../protocols/acs3.ts';
import { sendAcs3, sendRpc, encodeForm, sendRaw } from '../test-client.fixture.ts';
import type { TestResponse } from '../test-client.fixture.ts';

const db = { SecretName: 'db' };
const protocols = [
  ['rpc-v1', sendRpc],
  ['acs3', sendAcs3],
] as const;

test.each(protocols)('%s: accepts parameters in a form', async (protocol, send) => {
  await using kms = await start();

  const response = await send({ kms, parameters: db, isForm: true });

  expect([response.status, kms.requests[0]?.secretName, kms.requests[0]?.protocol]).toEqual([200, 'db', protocol]);
});

test.each(protocols)('%s: accepts GET', async (_, send) => {
  await using kms = await start();

  const response = await send({ kms, parameters: db, method: 'GET' });

  expect(response.status).toBe(200);
});

test.each(protocols)('%s: rejects a signature with the wrong secret', async (_, send) => {
  await using kms = await start();
  const key = { ...kms.accessKey, accessKeySecret: 'wrong' };

  const response = await send({ kms, parameters: db, key });

  expect(codeOf(response)).toEqual([400, 'SignatureDoesNotMatch']);
  expect(kms.requests[0]).toMatchObject({ status: 400, code: 'SignatureDoesNotMatch', accessKeyId: key.accessKeyId });
});

test('acs3: returns the canonical request for a wrong secret', async () => {
  await using kms = await start();
  const key = { ...kms.accessKey, accessKeySecret: 'wrong' };

  const { text } = await sendAcs3({ kms, parameters: db, key });
  const { Message } = JSON.parse(text) as { readonly Message: string };

  const [, stringToSign, canonicalRequest = ''] =
    /^Specified signature does not match our calculation\. server StringToSign is \[(.+?)\] server CanonicalRequest is \[(.+)\]$/s.exec(
      Message,
    ) ?? [];
  expect(canonicalRequest.split('\n').slice(0, 3)).toEqual(['POST', '/', 'SecretName=db']);
  expect(stringToSign).toBe(acs3StringToSign(canonicalRequest));
});

test('rpc-v1: returns the string to sign for a wrong secret', async () => {
  await using kms = await start();
  const key = { ...kms.accessKey, accessKeySecret: 'wrong' };

  const { text } = await sendRpc({ kms, parameters: db, key });

  expect(text).toContain('is not matched with our calculation. server string to sign is:POST&');
});

test.each(protocols)('%s: rejects a reused nonce', async (_, send) => {
  await using kms = await start();
  const repeated = { kms, parameters: db, nonce: 'repeated' };

  const codes = [codeOf(await send(repeated)), codeOf(await send(repeated))];

  expect(codes).toEqual([
    [200, undefined],
    [400, 'SignatureNonceUsed'],
  ]);
});

test.each(protocols)('%s: rejects a date more than fifteen minutes off', async (_, send) => {
  await using kms = await start();

  const response = await send({ kms, parameters: db, date: '2020-01-02T03:04:05Z' });

  expect(codeOf(response)).toEqual([400, 'InvalidTimeStamp.Expired']);
});

test.each(protocols)('%s: requires the token of a temporary key', async (_, send) => {
  await using kms = await start();
  const key = { accessKeyId: 'STS.Fake1', accessKeySecret: 'FakeStsSecret1' };
  kms.addStsKey({ ...key, securityToken: 'a token+/=', expiresAt: kms.clock.date() + 60_000 });

  const codes = [
    codeOf(await send({ kms, parameters: db, key, securityToken: 'a token+/=' })),
    codeOf(await send({ kms, parameters: db, key })),
  ];
  kms.clock.pass(60_000);
  codes.push(codeOf(await send({ kms, parameters: db, key, securityToken: 'a token+/=' })));

  expect(codes).toEqual([
    [200, undefined],
    [400, 'MissingSecurityToken'],
    [404, 'InvalidAccessKeyId.NotFound'],
  ]);
});

test.each(protocols)('%s: rejects disabled and removed keys', async (_, send) => {
  await using kms = await start();

  kms.disableAccessKey(kms.accessKey.accessKeyId);
  const disabled = codeOf(await send({ kms, parameters: db }));
  kms.removeAccessKey(kms.accessKey.accessKeyId);

  expect(disabled).toEqual([400, 'InvalidAccessKeyId.Inactive']);
  expect(codeOf(await send({ kms, parameters: db }))).toEqual([404, 'InvalidAccessKeyId.NotFound']);
});

test('responds with 404 to an unknown action or version', async () => {
  await using kms = await start();

  expect(codeOf(await sendRpc({ kms, parameters: db, beforeSigning: { Action: 'CreateSecret' } }))).toEqual([
    404,
    'InvalidAction.NotFound',
  ]);
  expect(codeOf(await sendAcs3({ kms, parameters: db, beforeSigning: { 'x-acs-action': 'constructor' } }))).toEqual([
    404,
    'InvalidAction.NotFound',
  ]);
  expect(codeOf(await sendRpc({ kms, parameters: db, beforeSigning: { Version: '2016-01-21' } }))).toEqual([
    404,
    'InvalidVersion',
  ]);
});

test('rejects other paths, and methods other than GET and POST', async () => {
  await using kms = await start();

  expect(codeOf(await sendRpc({ kms, parameters: db, path: '/other' }))).toEqual([404, 'InvalidApi.NotFound']);
  expect(codeOf(await sendRpc({ kms, parameters: db, method: 'PUT' }))).toEqual([400, 'UnsupportedOperation']);
});

test('rejects a header that was changed after signing', async () => {
  await using kms = await start();

  const response = await sendAcs3({ kms, parameters: db, afterSigning: { 'x-acs-signature-nonce': 'another' } });

  expect(codeOf(response)).toEqual([400, 'SignatureDoesNotMatch']);
});

test('requires the signed host to include the port', async () => {
  await using kms = await start();

  const response = await sendAcs3({
    kms,
    parameters: db,
    beforeSigning: { host: '127.0.0.1' },
    afterSigning: { host: kms.endpoints[0]?.endpoint },
  });

  expect(codeOf(response)).toEqual([400, 'SignatureDoesNotMatch']);
});

test('sends XML responses and errors for Format=XML', async () => {
  await using kms = await start();

  const responses = [
    await sendRpc({ kms, parameters: { ...db, Format: 'xml' } }),
    await sendRpc({ kms, parameters: { ...db, Format: 'XML' }, afterSigning: { Signature: 'x' } }),
  ];

  expect(responses.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
    [200, 'text/xml;charset=utf-8'],
    [400, 'text/xml;charset=utf-8'],
  ]);
  expect(responses[1]?.text).toContain('<Code>SignatureDoesNotMatch</Code>');
});

test('rejects a body over 3 MiB with 413', async () => {
  await using kms = await start();

  const sent = sendRaw({ kms }, { query: '', headers: {}, body: 'x'.repeat(3 * 1024 * 1024 + 1) });

  // The server may close the connection while the client still sends; the client then gets a network error.
  const outcome = await sent.then(
    ({ status, text }) => [status, text],
    () => [413, ''],
  );
  expect(outcome).toEqual([413, '']);
  expect(kms.requests).toEqual([]);
});

test('throttles requests over the quota, per region', async () => {
  let now = Date.now();
  await using kms = await start({ quota: 2, regions: ['cn-hangzhou', 'cn-shanghai'], clock: { date: () => now } });
  const send = async (region: string): Promise<unknown> => codeOf(await sendAcs3({ kms, region, parameters: db }));

  expect([await send('cn-hangzhou'), await send('cn-hangzhou'), await send('cn-hangzhou')]).toEqual([
    [200, undefined],
    [200, undefined],
    [429, 'Rejected.Throttling'],
  ]);
  expect(await send('cn-shanghai')).toEqual([200, undefined]);
  now += 500;
  expect(await send('cn-hangzhou')).toEqual([200, undefined]);
});

test('does not throttle with quota: false', async () => {
  await using kms = await start({ quota: false });

  const statuses = [await sendRpc({ kms, parameters: db }), await sendRpc({ kms, parameters: db })].map(
    ({ status }) => status,
  );

  expect(statuses).toEqual([200, 200]);
});

test('records requests without signatures, tokens or values', async () => {
  await using kms = await start();
  const key = { accessKeyId: 'STS.Fake1', accessKeySecret: 'FakeStsSecret1' };
  kms.addStsKey({ ...key, securityToken: 'TokenThatMustNotLeak', expiresAt: kms.clock.date() + 60_000 });

  await sendAcs3({
    kms,
    key,
    securityToken: 'TokenThatMustNotLeak',
    parameters: { ...db, VersionStage: 'ACSCurrent', VersionId: 'v1' },
  });
  await sendRpc({ kms, key, securityToken: 'TokenThatMustNotLeak', parameters: db });

  expect(kms.requests[0]).toMatchObject({
    region: 'cn-hangzhou',
    method: 'POST',
    path: '/',
    protocol: 'acs3',
    action: 'GetSecretValue',
    secretName: 'db',
    versionStage: 'ACSCurrent',
    versionId: 'v1',
    accessKeyId: 'STS.Fake1',
    status: 200,
    code: undefined,
  });
  expect(kms.requests[0]?.headers).toContain('x-acs-security-token');
  expect(JSON.stringify(kms.requests)).not.toMatch(/TokenThatMustNotLeak|s3cret-|Signature=/);
  kms.clearRequests();
  expect(kms.requests).toEqual([]);
});

test('rejects and records an unsigned request', async () => {
  await using kms = await start();

  const response = await sendRaw({ kms }, { query: encodeForm(db), headers: {}, body: '' });

  expect(codeOf(response)).toEqual([400, 'MissingAccessKeyId']);
  expect(kms.requests).toMatchObject([{ protocol: 'rpc-v1', secretName: 'db', accessKeyId: undefined, status: 400 }]);
});

test('rejects an invalid signature before applying faults', async () => {
  await using kms = await start();
  const fault = kms.fault({ kind: 'malformed' });

  const response = await sendAcs3({ kms, parameters: db, afterSigning: { 'x-acs-date': '2026-01-02T03:04:05Z' } });

  expect([codeOf(response)[1], fault.hits]).toEqual(['InvalidTimeStamp.Expired', 0]);
});

test('uses up the nonce even if a fault replaced the response', async () => {
  await using kms = await start();
  kms.fault({ kind: 'throttle' }, { times: 1 });
  const repeated = { kms, parameters: db, nonce: 'repeated' };

  const codes = [codeOf(await sendAcs3(repeated))[1], codeOf(await sendAcs3(repeated))[1]];

  expect(codes).toEqual(['Rejected.Throttling', 'SignatureNonceUsed']);
});

test('counts a hanging request as open until the client aborts', async () => {
  await using kms = await start();
  kms.fault({ kind: 'hang' });
  const controller = new AbortController();
  const pending = sendAcs3({ kms, parameters: db, signal: controller.signal });
  await expect.poll(() => kms.requests.length).toBe(1);

  expect([kms.openRequests, kms.requests[0]?.status]).toEqual([1, undefined]);
  controller.abort();
  await expect(pending).rejects.toThrow('aborted');
  await expect.poll(() => kms.openRequests).toBe(0);
});

async function start(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const kms = await startFakeKms(options);
  kms.put('db', 's3cret-db', { versionId: 'v1' });
  return kms;
}

function codeOf({ status, text }: TestResponse): [number, string | undefined] {
  return [status, /"Code":"([^"]+)"/.exec(text)?.[1]];
}
