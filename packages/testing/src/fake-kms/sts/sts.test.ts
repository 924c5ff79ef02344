import { expect, test } from 'vitest';

import { sendRaw } from '../test-client.fixture.ts';
import {
  arn,
  assumeRole,
  assumeRoleWithOidc,
  codeOf,
  credentialsOf,
  providerArn,
  readWith,
  start,
} from './sts.fixture.ts';

test('AssumeRole issues a key that is valid until it expires', async () => {
  let now = Date.parse('2026-01-02T03:04:05.678Z');
  await using kms = await start({ clock: { date: () => now } });

  const response = await assumeRole(kms, { DurationSeconds: '900' });
  const body = JSON.parse(response.text) as { AssumedRoleUser: unknown; RequestId: string };
  const { Expiration, ...rest } = credentialsOf(response);

  expect([response.status, body.RequestId.length]).toEqual([200, 36]);
  expect(body.AssumedRoleUser).toEqual({ Arn: `${arn}/session-1`, AssumedRoleId: '300000000000000001:session-1' });
  expect([Expiration, rest.AccessKeyId.startsWith('STS.Fake')]).toEqual(['2026-01-02T03:19:05Z', true]);
  expect(codeOf(await readWith(kms, response))).toEqual([200, undefined]);
  now = Date.parse('2026-01-02T03:19:04.999Z');
  expect(codeOf(await readWith(kms, response))).toEqual([200, undefined]);
  now = Date.parse('2026-01-02T03:19:05Z');
  expect(codeOf(await readWith(kms, response))).toEqual([404, 'InvalidAccessKeyId.NotFound']);
});

test('limits a session to one hour by default', async () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  await using kms = await start({ clock: { date: () => now } });

  expect(credentialsOf(await assumeRole(kms)).Expiration).toBe('2026-01-02T04:04:05Z');
  expect(codeOf(await assumeRole(kms, { DurationSeconds: '3601' }))[1]).toBe('InvalidParameter.DurationSeconds');
  kms.sts.addRole({ arn, maxDuration: 7200 });
  expect(codeOf(await assumeRole(kms, { DurationSeconds: '7200' }))[0]).toBe(200);
});

test('accepts a form, and GET', async () => {
  await using kms = await start();

  const responses = [await assumeRole(kms, {}, { isForm: true }), await assumeRole(kms, {}, { method: 'GET' })];

  expect(responses.map(({ status }) => status)).toEqual([200, 200]);
});

test.each([
  ['a missing role', { RoleArn: undefined }, 400, 'MissingRoleArn'],
  ['a missing session name', { RoleSessionName: undefined }, 400, 'MissingRoleSessionName'],
  ['an ARN that is not a role', { RoleArn: 'acs:ram::1:user/x' }, 400, 'InvalidParameter.RoleArn'],
  ['a session name of one letter', { RoleSessionName: 'x' }, 400, 'InvalidParameter.RoleSessionName'],
  ['a session name with a space', { RoleSessionName: 'a b' }, 400, 'InvalidParameter.RoleSessionName'],
  ['a session that is too short', { DurationSeconds: '899' }, 400, 'InvalidParameter.DurationSeconds'],
  ['a duration that is not a number', { DurationSeconds: '1e3' }, 400, 'InvalidParameter.DurationSeconds'],
  ['an invalid policy', { Policy: '{' }, 400, 'InvalidParameter.PolicyGrammar'],
  ['an unknown role', { RoleArn: `${arn}2` }, 404, 'EntityNotExist.Role'],
  ['another action', { Action: 'GetCallerIdentity' }, 404, 'InvalidAction.NotFound'],
  ['another version', { Version: '2016-01-20' }, 404, 'InvalidVersion'],
  ['XML', { Format: 'XML' }, 400, 'InvalidParameter.Format'],
  ['a missing signature method', { SignatureMethod: undefined }, 400, 'MissingSignatureMethod'],
  ['the signature method of client keys', { SignatureMethod: 'SHA256withRSA' }, 400, 'InvalidSignatureMethod'],
  ['an unknown key', { AccessKeyId: 'unknown' }, 404, 'InvalidAccessKeyId.NotFound'],
] as const)('rejects %s', async (...[, change, status, code]) => {
  await using kms = await start();

  const response = await assumeRole(kms, change);

  expect(codeOf(response)).toEqual([status, code]);
  // `@alicloud/credentials` reads the Message of an error without checking that it exists.
  expect((JSON.parse(response.text) as { Message: string }).Message.length).toBeGreaterThan(10);
});

test('rejects wrong signatures, reused nonces and other paths', async () => {
  await using kms = await start();
  const key = { ...kms.accessKey, accessKeySecret: 'wrong' };
  await assumeRole(kms, {}, { nonce: 'repeated' });

  expect(codeOf(await assumeRole(kms, {}, { key }))).toEqual([400, 'SignatureDoesNotMatch']);
  expect(codeOf(await assumeRole(kms, {}, { nonce: 'repeated' }))).toEqual([400, 'SignatureNonceUsed']);
  expect(codeOf(await assumeRole(kms, {}, { path: '/x' }))).toEqual([404, 'InvalidApi.NotFound']);
});

test('only trusted keys can assume a role', async () => {
  await using kms = await start();
  kms.sts.addRole({ arn, trustedKeyIds: ['another-key'] });
  const rejected = codeOf(await assumeRole(kms));
  kms.sts.addRole({ arn, trustedKeyIds: [kms.accessKey.accessKeyId] });

  expect(rejected).toEqual([403, 'NoPermission']);
  expect((await assumeRole(kms)).status).toBe(200);
});

test('a session reads what both its role and its policy allow', async () => {
  await using kms = await start();
  for (const name of ['a', 'b', 'c']) kms.put(name, `s3cret-${name}`);
  kms.sts.addRole({ arn, secrets: ['a', 'b'] });
  const Resource = ['b', 'c'].map((name) => `acs:kms:*:*:secret/${name}`);
  const Policy = JSON.stringify({ Version: '1', Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource }] });

  const response = await assumeRole(kms, { Policy });
  const codes = await Promise.all(
    ['a', 'b', 'c'].map(async (SecretName) => codeOf(await readWith(kms, response, SecretName))[0]),
  );

  expect(codes).toEqual([403, 200, 403]);
  expect(codeOf(await readWith(kms, await assumeRole(kms, { Policy: '' }), 'a'))[0]).toBe(200);
});

test('counts and records calls without keys or tokens', async () => {
  await using kms = await start();
  await assumeRole(kms);
  await assumeRole(kms, { RoleArn: 'x' });
  await assumeRoleWithOidc(kms);

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

test('applies faults, in order, to requests that would succeed', async () => {
  await using kms = await start();
  kms.sts.fault({ kind: 'html', status: 502 }, { times: 1 });
  const throttle = kms.sts.fault({ kind: 'error', status: 400, code: 'Throttling.User' });

  expect(codeOf(await assumeRole(kms, { RoleArn: 'x' }))[1]).toBe('InvalidParameter.RoleArn');
  expect((await assumeRole(kms)).headers['content-type']).toBe('text/html');
  expect([codeOf(await assumeRole(kms)), throttle.hits]).toEqual([[400, 'Throttling.User'], 1]);
  kms.sts.heal();
  expect((await assumeRole(kms)).status).toBe(200);
});

test('hangs until the client aborts, and refuses connections when stopped', async () => {
  await using kms = await start();
  kms.sts.fault({ kind: 'hang' });
  const controller = new AbortController();
  const pending = assumeRole(kms, {}, { signal: controller.signal });
  await expect.poll(() => kms.sts.calls).toBe(1);
  controller.abort();
  await expect(pending).rejects.toThrow('aborted');

  kms.sts.heal();
  await kms.sts.stop();
  await expect(assumeRole(kms)).rejects.toThrow('ECONNREFUSED');
  await kms.sts.start();
  expect((await assumeRole(kms)).status).toBe(200);
});

test('rejects a body over 3 MiB with 413', async () => {
  await using kms = await start();

  const sent = sendRaw({ kms, url: kms.sts.url }, { query: '', headers: {}, body: 'x'.repeat(3 * 1024 * 1024 + 1) });

  const outcome = await sent.then(
    ({ status, text }) => [status, text],
    () => [413, ''],
  );
  expect([outcome, kms.sts.calls]).toEqual([[413, ''], 0]);
});

test('uses TLS even with plainHttp, and supports certificate faults', async () => {
  await using kms = await start({ plainHttp: true });

  expect((await assumeRole(kms)).status).toBe(200);
  kms.sts.fault({ kind: 'certificate', of: 'otherCa' });
  await expect(assumeRole(kms)).rejects.toThrow('certificate');
});

test('stops when the fake KMS is closed', async () => {
  const kms = await start();
  await assumeRole(kms);
  await kms.close();

  await expect(assumeRole(kms)).rejects.toThrow('ECONNREFUSED');
});

test('rejects invalid roles and empty tokens', async () => {
  await using kms = await start();

  expect(() => kms.sts.addRole({ arn: 'reader' })).toThrow('ARN');
  expect(() => kms.sts.addRole({ arn, maxDuration: 3599 })).toThrow('3600 to 43200');
  expect(() => kms.sts.addRole({ arn, maxDuration: 43_201 })).toThrow('3600 to 43200');
  expect(() => kms.sts.registerOidcToken({ providerArn, token: '' })).toThrow('must not be empty');
  kms.sts.removeRole(arn);
  expect(codeOf(await assumeRole(kms))[1]).toBe('EntityNotExist.Role');
});
