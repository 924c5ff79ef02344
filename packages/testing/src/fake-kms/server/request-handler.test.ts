import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import type { FakeKmsOptions } from '../options.ts';
import { askAcs3, askRpc, encodeForm, send } from '../test-client.fixture.ts';
import type { TrialAnswer } from '../test-client.fixture.ts';

const db = { SecretName: 'db' };
const protocols = [
  ['rpc-v1', askRpc],
  ['acs3', askAcs3],
] as const;

test.each(protocols)('%s: parameters may come in a form', async (protocol, ask) => {
  await using kms = await start();

  const answer = await ask({ kms, parameters: db, isForm: true });

  expect([answer.status, kms.requests[0]?.secretName, kms.requests[0]?.protocol]).toEqual([200, 'db', protocol]);
});

test.each(protocols)('%s: GET is answered too, signed as GET', async (_, ask) => {
  await using kms = await start();

  const answer = await ask({ kms, parameters: db, method: 'GET' });

  expect(answer.status).toBe(200);
});

test.each(protocols)('%s: a wrong secret is told from the text that was signed', async (_, ask) => {
  await using kms = await start();
  const key = { ...kms.accessKey, accessKeySecret: 'wrong' };

  const answer = await ask({ kms, parameters: db, key });

  expect(codeOf(answer)).toEqual([400, 'SignatureDoesNotMatch']);
  expect(kms.requests[0]).toMatchObject({ status: 400, code: 'SignatureDoesNotMatch', accessKeyId: key.accessKeyId });
});

test.each(protocols)('%s: a nonce is good once', async (_, ask) => {
  await using kms = await start();
  const trial = { kms, parameters: db, nonce: 'again' };

  const codes = [codeOf(await ask(trial)), codeOf(await ask(trial))];

  expect(codes).toEqual([
    [200, undefined],
    [400, 'SignatureNonceUsed'],
  ]);
});

test.each(protocols)('%s: a date more than fifteen minutes off is expired', async (_, ask) => {
  await using kms = await start();

  const answer = await ask({ kms, parameters: db, date: '2020-01-02T03:04:05Z' });

  expect(codeOf(answer)).toEqual([400, 'InvalidTimeStamp.Expired']);
});

test.each(protocols)('%s: a temporary key reads with its token, and not without', async (_, ask) => {
  await using kms = await start();
  const key = { accessKeyId: 'STS.Fake1', accessKeySecret: 'FakeStsSecret1' };
  kms.addStsKey({ ...key, securityToken: 'a token+/=', expiresAt: kms.clock.date() + 60_000 });

  const codes = [
    codeOf(await ask({ kms, parameters: db, key, securityToken: 'a token+/=' })),
    codeOf(await ask({ kms, parameters: db, key })),
  ];
  kms.clock.pass(60_000);
  codes.push(codeOf(await ask({ kms, parameters: db, key, securityToken: 'a token+/=' })));

  expect(codes).toEqual([
    [200, undefined],
    [400, 'MissingSecurityToken'],
    [404, 'InvalidAccessKeyId.NotFound'],
  ]);
});

test.each(protocols)('%s: a key that was disabled, then removed, signs no longer', async (_, ask) => {
  await using kms = await start();

  kms.disableAccessKey(kms.accessKey.accessKeyId);
  const disabled = codeOf(await ask({ kms, parameters: db }));
  kms.removeAccessKey(kms.accessKey.accessKeyId);

  expect(disabled).toEqual([400, 'InvalidAccessKeyId.Inactive']);
  expect(codeOf(await ask({ kms, parameters: db }))).toEqual([404, 'InvalidAccessKeyId.NotFound']);
});

test('an unknown action or version is not found', async () => {
  await using kms = await start();

  expect(codeOf(await askRpc({ kms, parameters: db, before: { Action: 'ListSecrets' } }))).toEqual([
    404,
    'InvalidAction.NotFound',
  ]);
  expect(codeOf(await askAcs3({ kms, parameters: db, before: { 'x-acs-action': 'constructor' } }))).toEqual([
    404,
    'InvalidAction.NotFound',
  ]);
  expect(codeOf(await askRpc({ kms, parameters: db, before: { Version: '2016-01-21' } }))).toEqual([
    404,
    'InvalidVersion',
  ]);
});

test('there is nothing at another path, and no other method than GET and POST', async () => {
  await using kms = await start();

  expect(codeOf(await askRpc({ kms, parameters: db, path: '/other' }))).toEqual([404, 'InvalidApi.NotFound']);
  expect(codeOf(await askRpc({ kms, parameters: db, method: 'PUT' }))).toEqual([400, 'UnsupportedOperation']);
});

test('a header that was changed on the way does not match the signature', async () => {
  await using kms = await start();

  const answer = await askAcs3({ kms, parameters: db, after: { 'x-acs-signature-nonce': 'another' } });

  expect(codeOf(answer)).toEqual([400, 'SignatureDoesNotMatch']);
});

test('the port is part of the host that is signed', async () => {
  await using kms = await start();

  const answer = await askAcs3({
    kms,
    parameters: db,
    before: { host: '127.0.0.1' },
    after: { host: kms.endpoints[0]?.endpoint },
  });

  expect(codeOf(answer)).toEqual([400, 'SignatureDoesNotMatch']);
});

test('an XML answer and an XML refusal are written for who asks for XML', async () => {
  await using kms = await start();

  const answers = [
    await askRpc({ kms, parameters: { ...db, Format: 'xml' } }),
    await askRpc({ kms, parameters: { ...db, Format: 'XML' }, after: { Signature: 'x' } }),
  ];

  expect(answers.map(({ status, headers }) => [status, headers['content-type']])).toEqual([
    [200, 'text/xml;charset=utf-8'],
    [400, 'text/xml;charset=utf-8'],
  ]);
  expect(answers[1]?.text).toContain('<Code>SignatureDoesNotMatch</Code>');
});

test('a body of more than 3 MiB is refused without a word', async () => {
  await using kms = await start();

  const sent = send({ kms }, { query: '', headers: {}, body: 'x'.repeat(3 * 1024 * 1024 + 1) });

  // The server may close while the rest is still on its way; then the sender sees only that.
  const outcome = await sent.then(
    ({ status, text }) => [status, text],
    () => [413, ''],
  );
  expect(outcome).toEqual([413, '']);
  expect(kms.requests).toEqual([]);
});

test('over the quota KMS throttles, in each region by itself, until the second is over', async () => {
  let now = Date.now();
  await using kms = await start({ quota: 2, regions: ['cn-hangzhou', 'cn-shanghai'], clock: { date: () => now } });
  const ask = async (region: string): Promise<unknown> => codeOf(await askAcs3({ kms, region, parameters: db }));

  expect([await ask('cn-hangzhou'), await ask('cn-hangzhou'), await ask('cn-hangzhou')]).toEqual([
    [200, undefined],
    [200, undefined],
    [429, 'Rejected.Throttling'],
  ]);
  expect(await ask('cn-shanghai')).toEqual([200, undefined]);
  now += 500;
  expect(await ask('cn-hangzhou')).toEqual([200, undefined]);
});

test('a quota that is off never throttles', async () => {
  await using kms = await start({ quota: false });

  const statuses = [await askRpc({ kms, parameters: db }), await askRpc({ kms, parameters: db })].map(
    ({ status }) => status,
  );

  expect(statuses).toEqual([200, 200]);
});

test('a request is recorded with the names of its headers, and with no signature, token or value', async () => {
  await using kms = await start();
  const key = { accessKeyId: 'STS.Fake1', accessKeySecret: 'FakeStsSecret1' };
  kms.addStsKey({ ...key, securityToken: 'TokenThatMustNotShow', expiresAt: kms.clock.date() + 60_000 });

  await askAcs3({
    kms,
    key,
    securityToken: 'TokenThatMustNotShow',
    parameters: { ...db, VersionStage: 'ACSCurrent', VersionId: 'v1' },
  });
  await askRpc({ kms, key, securityToken: 'TokenThatMustNotShow', parameters: db });

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
  expect(JSON.stringify(kms.requests)).not.toMatch(/TokenThatMustNotShow|s3cret-|Signature=/);
  kms.clearRequests();
  expect(kms.requests).toEqual([]);
});

test('a request that nobody signed is refused and recorded', async () => {
  await using kms = await start();

  const answer = await send({ kms }, { query: encodeForm(db), headers: {}, body: '' });

  expect(codeOf(answer)).toEqual([400, 'MissingAccessKeyId']);
  expect(kms.requests).toMatchObject([{ protocol: 'rpc-v1', secretName: 'db', accessKeyId: undefined, status: 400 }]);
});

test('a wrongly signed request is refused before any fault strikes', async () => {
  await using kms = await start();
  const fault = kms.fault({ kind: 'malformed' });

  const answer = await askAcs3({ kms, parameters: db, after: { 'x-acs-date': '2026-01-02T03:04:05Z' } });

  expect([codeOf(answer)[1], fault.hits]).toEqual(['InvalidTimeStamp.Expired', 0]);
});

test('a nonce is used up even where a fault answered', async () => {
  await using kms = await start();
  kms.fault({ kind: 'throttle' }, { times: 1 });
  const trial = { kms, parameters: db, nonce: 'again' };

  const codes = [codeOf(await askAcs3(trial))[1], codeOf(await askAcs3(trial))[1]];

  expect(codes).toEqual(['Rejected.Throttling', 'SignatureNonceUsed']);
});

test('a request that hangs is open until its sender gives up', async () => {
  await using kms = await start();
  kms.fault({ kind: 'hang' });
  const patience = new AbortController();
  const asked = askAcs3({ kms, parameters: db, signal: patience.signal });
  while (kms.requests.length === 0) await setImmediate();

  expect([kms.openRequests, kms.requests[0]?.status]).toEqual([1, undefined]);
  patience.abort();
  await expect(asked).rejects.toThrow('aborted');
  while (kms.openRequests > 0) await setImmediate();
});

async function start(options: FakeKmsOptions = {}): Promise<FakeKms> {
  const kms = await startFakeKms(options);
  kms.put('db', 's3cret-db', { versionId: 'v1' });
  return kms;
}

function codeOf({ status, text }: TrialAnswer): [number, string | undefined] {
  return [status, /"Code":"([^"]+)"/.exec(text)?.[1]];
}
