import { setImmediate } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { startFakeKms } from '../fake-kms.ts';
import type { FakeKms } from '../fake-kms.ts';
import { askAcs3, askRpc, encodeForm, send } from '../test-client.fixture.ts';
import type { Trial, TrialAnswer } from '../test-client.fixture.ts';
import type { TemporaryCredentials } from './temporary-keys.ts';

type Fields = Readonly<Record<string, string | undefined>>;

const arn = 'acs:ram::1234567890123456:role/reader';
const providerArn = 'acs:ram::1234567890123456:oidc-provider/ack';
const db = { SecretName: 'db' };

test('a role is assumed, and its keys read until they expire', async () => {
  let now = Date.parse('2026-01-02T03:04:05.678Z');
  await using kms = await start({ clock: { date: () => now } });

  const answer = await assume(kms, { DurationSeconds: '900' });
  const body = JSON.parse(answer.text) as { AssumedRoleUser: unknown; RequestId: string };
  const { Expiration, ...rest } = credentialsOf(answer);

  expect([answer.status, body.RequestId.length]).toEqual([200, 36]);
  expect(body.AssumedRoleUser).toEqual({ Arn: `${arn}/session-1`, AssumedRoleId: '300000000000000001:session-1' });
  expect([Expiration, rest.AccessKeyId.startsWith('STS.Fake')]).toEqual(['2026-01-02T03:19:05Z', true]);
  expect(codeOf(await readWith(kms, answer))).toEqual([200, undefined]);
  now = Date.parse('2026-01-02T03:19:04.999Z');
  expect(codeOf(await readWith(kms, answer))).toEqual([200, undefined]);
  now = Date.parse('2026-01-02T03:19:05Z');
  expect(codeOf(await readWith(kms, answer))).toEqual([404, 'InvalidAccessKeyId.NotFound']);
});

test('an hour is the time of a session that names none, and of a role that allows no more', async () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  await using kms = await start({ clock: { date: () => now } });

  expect(credentialsOf(await assume(kms)).Expiration).toBe('2026-01-02T04:04:05Z');
  expect(codeOf(await assume(kms, { DurationSeconds: '3601' }))[1]).toBe('InvalidParameter.DurationSeconds');
  kms.sts.addRole({ arn, maxDuration: 7200 });
  expect(codeOf(await assume(kms, { DurationSeconds: '7200' }))[0]).toBe(200);
});

test('parameters may be split over query and form, and GET is taken too', async () => {
  await using kms = await start();

  const answers = [await assume(kms, {}, { isForm: true }), await assume(kms, {}, { method: 'GET' })];

  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
});

test.each([
  ['a role without a name', { RoleArn: undefined }, 400, 'MissingRoleArn'],
  ['a session without a name', { RoleSessionName: undefined }, 400, 'MissingRoleSessionName'],
  ['no ARN of a role', { RoleArn: 'acs:ram::1:user/x' }, 400, 'InvalidParameter.RoleArn'],
  ['a name of one letter', { RoleSessionName: 'x' }, 400, 'InvalidParameter.RoleSessionName'],
  ['a name with a blank', { RoleSessionName: 'a b' }, 400, 'InvalidParameter.RoleSessionName'],
  ['a session too short', { DurationSeconds: '899' }, 400, 'InvalidParameter.DurationSeconds'],
  ['a duration that is no number', { DurationSeconds: '1e3' }, 400, 'InvalidParameter.DurationSeconds'],
  ['a policy that is none', { Policy: '{' }, 400, 'InvalidParameter.PolicyGrammar'],
  ['an unknown role', { RoleArn: `${arn}2` }, 404, 'EntityNotExist.Role'],
  ['another action', { Action: 'GetCallerIdentity' }, 404, 'InvalidAction.NotFound'],
  ['another version', { Version: '2016-01-20' }, 404, 'InvalidVersion'],
  ['XML', { Format: 'XML' }, 400, 'InvalidParameter.Format'],
  ['no signature method', { SignatureMethod: undefined }, 400, 'MissingSignatureMethod'],
  ['the method of client keys', { SignatureMethod: 'SHA256withRSA' }, 400, 'InvalidSignatureMethod'],
  ['an unknown key', { AccessKeyId: 'nobody' }, 404, 'InvalidAccessKeyId.NotFound'],
] as const)('%s is refused', async (...[, change, status, code]) => {
  await using kms = await start();

  const answer = await assume(kms, change);

  expect(codeOf(answer)).toEqual([status, code]);
  // A widely used client reads the Message of a refusal without looking whether there is one.
  expect((JSON.parse(answer.text) as { Message: string }).Message.length).toBeGreaterThan(10);
});

test('a wrong signature and a nonce used before are refused, and another path', async () => {
  await using kms = await start();
  const key = { ...kms.accessKey, accessKeySecret: 'wrong' };
  await assume(kms, {}, { nonce: 'again' });

  expect(codeOf(await assume(kms, {}, { key }))).toEqual([400, 'SignatureDoesNotMatch']);
  expect(codeOf(await assume(kms, {}, { nonce: 'again' }))).toEqual([400, 'SignatureNonceUsed']);
  expect(codeOf(await assume(kms, {}, { path: '/x' }))).toEqual([404, 'InvalidApi.NotFound']);
});

test('a role says whom it trusts', async () => {
  await using kms = await start();
  kms.sts.addRole({ arn, trusts: ['somebody-else'] });
  const refused = codeOf(await assume(kms));
  kms.sts.addRole({ arn, trusts: [kms.accessKey.accessKeyId] });

  expect(refused).toEqual([403, 'NoPermission']);
  expect((await assume(kms)).status).toBe(200);
});

test('a session reads what its role and its policy allow, and no more', async () => {
  await using kms = await start();
  for (const name of ['a', 'b', 'c']) kms.put(name, `s3cret-${name}`);
  kms.sts.addRole({ arn, secrets: ['a', 'b'] });
  const Resource = ['b', 'c'].map((name) => `acs:kms:*:*:secret/${name}`);
  const Policy = JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource }] });

  const answer = await assume(kms, { Policy });
  const codes = await Promise.all(
    ['a', 'b', 'c'].map(async (SecretName) => codeOf(await readWith(kms, answer, SecretName))[0]),
  );

  expect(codes).toEqual([403, 200, 403]);
  expect(codeOf(await readWith(kms, await assume(kms, { Policy: '' }), 'a'))[0]).toBe(200);
});

test('an OIDC token that was registered becomes keys, unsigned', async () => {
  await using kms = await start();
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken1' });

  const answer = await assumeWithOidc(kms);

  expect(codeOf(answer)).toEqual([200, undefined]);
  expect(answer.text).toContain('"OIDCTokenInfo"');
  expect(codeOf(await readWith(kms, answer))).toEqual([200, undefined]);
});

test.each([
  ['no provider', { OIDCProviderArn: undefined }, 400, 'MissingOIDCProviderArn'],
  ['no token', { OIDCToken: undefined }, 400, 'MissingOIDCToken'],
  ['an empty token', { OIDCToken: '' }, 400, 'MissingOIDCToken'],
  ['no version', { Version: undefined }, 400, 'MissingVersion'],
  ['another version', { Version: '2016-01-20' }, 404, 'InvalidVersion'],
  ['XML', { Format: 'XML' }, 400, 'InvalidParameter.Format'],
  ['no role', { RoleArn: undefined }, 400, 'MissingRoleArn'],
  ['an unknown role', { RoleArn: `${arn}2` }, 404, 'EntityNotExist.Role'],
  ['an unknown provider', { OIDCProviderArn: `${providerArn}2` }, 404, 'EntityNotExist.OIDCProvider'],
  ['another token', { OIDCToken: 'FakeOidcToken1\n' }, 400, 'AuthenticationFail.OIDCToken.Invalid'],
] as const)('of an OIDC request %s is refused', async (...[, change, status, code]) => {
  await using kms = await start();
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken1' });

  const answer = await assumeWithOidc(kms, change);

  expect(codeOf(answer)).toEqual([status, code]);
  expect(answer.text).not.toContain('FakeOidcToken1');
});

test('an OIDC token expires, and a newer one takes its place', async () => {
  await using kms = await start();
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken1', expiresAt: kms.clock.date() + 60_000 });
  kms.clock.pass(60_000);
  const expired = codeOf(await assumeWithOidc(kms));
  kms.sts.registerOidcToken({ providerArn, token: 'FakeOidcToken2' });

  expect(expired).toEqual([400, 'AuthenticationFail.OIDCToken.Expired']);
  expect(codeOf(await assumeWithOidc(kms))[1]).toBe('AuthenticationFail.OIDCToken.Invalid');
  expect(codeOf(await assumeWithOidc(kms, { OIDCToken: 'FakeOidcToken2' }))[0]).toBe(200);
});

test('calls are counted, and recorded without keys or tokens', async () => {
  await using kms = await start();
  await assume(kms);
  await assume(kms, { RoleArn: 'x' });
  await assumeWithOidc(kms);

  expect([kms.sts.calls, kms.requests.length]).toEqual([3, 0]);
  expect(kms.sts.requests.map(({ action, status }) => [action, status])).toEqual([
    ['AssumeRole', 200],
    ['AssumeRole', 400],
    ['AssumeRoleWithOIDC', 404],
  ]);
  expect(JSON.stringify(kms.sts.requests)).not.toMatch(/Fake/);
  kms.sts.clearRequests();
  expect(kms.sts.calls).toBe(0);
});

test('faults strike requests that would be granted, in the order they were planted', async () => {
  await using kms = await start();
  kms.sts.fault({ kind: 'html', status: 502 }, { times: 1 });
  const throttle = kms.sts.fault({ kind: 'error', status: 400, code: 'Throttling.User' });

  expect(codeOf(await assume(kms, { RoleArn: 'x' }))[1]).toBe('InvalidParameter.RoleArn');
  expect((await assume(kms)).headers['content-type']).toBe('text/html');
  expect([codeOf(await assume(kms)), throttle.hits]).toEqual([[400, 'Throttling.User'], 1]);
  kms.sts.heal();
  expect((await assume(kms)).status).toBe(200);
});

test('it hangs until its caller gives up, and refuses connections while it is stopped', async () => {
  await using kms = await start();
  kms.sts.fault({ kind: 'hang' });
  const patience = new AbortController();
  const asked = assume(kms, {}, { signal: patience.signal });
  while (kms.sts.calls === 0) await setImmediate();
  patience.abort();
  await expect(asked).rejects.toThrow('aborted');

  kms.sts.heal();
  await kms.sts.stop();
  await expect(assume(kms)).rejects.toThrow('ECONNREFUSED');
  await kms.sts.start();
  expect((await assume(kms)).status).toBe(200);
});

test('a body of more than 3 MiB is refused without a word', async () => {
  await using kms = await start();

  const sent = send({ kms, url: kms.sts.url }, { query: '', headers: {}, body: 'x'.repeat(3 * 1024 * 1024 + 1) });

  const outcome = await sent.then(
    ({ status, text }) => [status, text],
    () => [413, ''],
  );
  expect([outcome, kms.sts.calls]).toEqual([[413, ''], 0]);
});

test('it speaks TLS even beside a KMS that does not, and can be shown with a bad certificate', async () => {
  await using kms = await start({ plainHttp: true });

  expect((await assume(kms)).status).toBe(200);
  kms.sts.fault({ kind: 'certificate', of: 'otherCa' });
  await expect(assume(kms)).rejects.toThrow('certificate');
});

test('nothing is left of it on close', async () => {
  const kms = await start();
  await assume(kms);
  await kms.close();

  await expect(assume(kms)).rejects.toThrow('ECONNREFUSED');
});

test('a role of another form, a strange time or an empty token is refused at once', async () => {
  await using kms = await start();

  expect(() => kms.sts.addRole({ arn: 'reader' })).toThrow('ARN');
  expect(() => kms.sts.addRole({ arn, maxDuration: 3599 })).toThrow('3600 to 43200');
  expect(() => kms.sts.addRole({ arn, maxDuration: 43_201 })).toThrow('3600 to 43200');
  expect(() => kms.sts.registerOidcToken({ providerArn, token: '' })).toThrow('not empty');
  kms.sts.removeRole(arn);
  expect(codeOf(await assume(kms))[1]).toBe('EntityNotExist.Role');
});

async function start(options: Parameters<typeof startFakeKms>[0] = {}): Promise<FakeKms> {
  const kms = await startFakeKms(options);
  kms.put('db', 's3cret-db');
  kms.sts.addRole({ arn });
  return kms;
}

function assume(kms: FakeKms, change: Fields = {}, trial: Partial<Trial> = {}): Promise<TrialAnswer> {
  const asked = { Action: 'AssumeRole', Version: '2015-04-01', RoleArn: arn, RoleSessionName: 'session-1' };
  return askRpc({ ...trial, kms, url: kms.sts.url, before: { ...asked, ...change } });
}

function assumeWithOidc(kms: FakeKms, change: Fields = {}): Promise<TrialAnswer> {
  const asked: Fields = {
    Action: 'AssumeRoleWithOIDC',
    Version: '2015-04-01',
    Format: 'JSON',
    OIDCProviderArn: providerArn,
    OIDCToken: 'FakeOidcToken1',
    RoleArn: arn,
    RoleSessionName: 'session-1',
    ...change,
  };
  const given = Object.entries(asked).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return send({ kms, url: kms.sts.url }, { query: '', headers, body: encodeForm(Object.fromEntries(given)) });
}

function readWith(kms: FakeKms, answer: TrialAnswer, SecretName: string = db.SecretName): Promise<TrialAnswer> {
  const { AccessKeyId, AccessKeySecret, SecurityToken } = credentialsOf(answer);
  const key = { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret };
  return askAcs3({ kms, key, securityToken: SecurityToken, parameters: { SecretName } });
}

function credentialsOf({ text }: TrialAnswer): TemporaryCredentials {
  return (JSON.parse(text) as { Credentials: TemporaryCredentials }).Credentials;
}

function codeOf({ status, text }: TrialAnswer): [number, string | undefined] {
  return [status, /"Code":"([^"]+)"/.exec(text)?.[1]];
}
