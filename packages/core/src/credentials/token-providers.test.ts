import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { FakeClock } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { AlicloudIdentity } from './alicloud.ts';
import { alicloudCredentials } from './alicloud.ts';
import type { LibraryResponse } from './library-http.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5);
const role = {
  type: 'ram_role',
  accessKeyId: 'FakeId',
  accessKeySecret: 's3cret-key',
  roleArn: 'acs:ram::1:role/reader',
} as const;
const issued = {
  AccessKeyId: 'STS.FakeId',
  AccessKeySecret: 's3cret-sts',
  SecurityToken: 's3cret-token',
  Expiration: '2026-01-02T04:04:05Z',
};
const expected = { accessKeyId: 'STS.FakeId', accessKeySecret: 's3cret-sts', securityToken: 's3cret-token' };

interface SentRequest {
  readonly method: string;
  readonly host?: string;
  readonly path: string;
  readonly url?: string;
  readonly queries: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyForm?: Readonly<Record<string, string>>;
}

function response(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): LibraryResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/html' : 'application/json;charset=utf-8';
  return { statusCode: status, headers: { 'content-type': type, ...headers }, body: Buffer.from(text) };
}

/** Credentials whose library gets its responses from `respond`, through its hook for mocks. */
function setup(
  identity: AlicloudIdentity,
  respond: (request: SentRequest) => LibraryResponse | Promise<LibraryResponse>,
) {
  const sent: SentRequest[] = [];
  const clock = new FakeClock({ date: now });
  const provider = alicloudCredentials(identity, {
    clock,
    prepare: (library) =>
      Reflect.set(library, 'doRequest', async (request: SentRequest) => {
        sent.push({ ...request, bodyForm: { ...request.bodyForm } });
        return respond(request);
      }),
  });
  return { provider, sent, clock };
}

async function failureOf(
  identity: AlicloudIdentity,
  respond: (request: SentRequest) => LibraryResponse | Promise<LibraryResponse>,
): Promise<Error> {
  const { provider } = setup(identity, respond);
  const error: unknown = await provider.getCredential().catch((thrown: unknown) => thrown);
  if (!(error instanceof Error)) throw new Error('expected an error');
  // No part of the request or the response: no key, no signature, no page.
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/FakeId|s3cret-|Signature=|<html>/u);
  return error;
}

function tokenFile(text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'kms-secrets-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'token');
  writeFileSync(path, text);
  return path;
}

function oidcRole(oidcTokenFilePath: string): AlicloudIdentity {
  return {
    type: 'oidc_role_arn',
    roleArn: 'acs:ram::1:role/reader',
    oidcProviderArn: 'acs:ram::1:oidc-provider/ack',
    oidcTokenFilePath,
  };
}

test('assumes a role with all options, in one request for all readers', async () => {
  const { provider, sent, clock } = setup(
    {
      ...role,
      roleSessionName: 'my-service',
      durationSeconds: 1_800,
      policy: '{"Version":"1"}',
      stsRegionId: 'cn-hangzhou',
      vpc: true,
      externalId: 'ours',
    },
    () => response({ Credentials: issued }),
  );

  const all = await Promise.all(Array.from({ length: 1_000 }, () => provider.getCredential()));
  await clock.pass('49m');

  expect(await provider.getCredential()).toEqual(expected);
  expect(all[999]).toEqual(expected);
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({
    host: 'sts-vpc.cn-hangzhou.aliyuncs.com',
    queries: { Action: 'AssumeRole', AccessKeyId: 'FakeId' },
    bodyForm: {
      RoleArn: 'acs:ram::1:role/reader',
      RoleSessionName: 'my-service',
      DurationSeconds: '1800',
      Policy: '{"Version":"1"}',
      ExternalId: 'ours',
    },
  });
});

test('sends the token of the temporary credentials that assume the role', async () => {
  const { provider, sent } = setup({ ...role, securityToken: 's3cret-t', stsEndpoint: 'sts.test:8443' }, () =>
    response({ Credentials: issued }),
  );

  await provider.getCredential();

  expect(sent[0]).toMatchObject({ host: 'sts.test:8443', queries: { SecurityToken: 's3cret-t' } });
});

test('caches credentials with the shortest lifetime of STS', async () => {
  const { provider, sent, clock } = setup({ ...role, durationSeconds: 900 }, () =>
    response({ Credentials: { ...issued, Expiration: '2026-01-02T03:19:05Z' } }),
  );

  await provider.getCredential();
  await clock.pass('8m');
  await provider.getCredential();

  expect(sent).toHaveLength(1);
});

test('computes the lifetime from the date of the response', async () => {
  const { provider, sent, clock } = setup(role, () =>
    response({ Credentials: { ...issued, Expiration: '2026-01-02T05:04:05Z' } }, 200, {
      date: 'Fri, 02 Jan 2026 04:04:05 GMT',
    }),
  );

  await provider.getCredential();
  await clock.pass('57m');
  await provider.getCredential();

  expect(sent).toHaveLength(2);
});

test.each([
  [403, { Code: 'NoPermission', Message: 'x', RequestId: 'R-1' }, 'identity', 'trust policy'],
  [404, { Code: 'EntityNotExist.Role', Message: 'x', RequestId: 'R-1' }, 'identity', 'does not exist'],
  [400, { Code: 'InvalidParameter.RoleArn', Message: 'x', RequestId: 'R-1' }, 'identity', 'the role'],
  [404, { Code: 'InvalidAccessKeyId.NotFound', Message: 'FakeId', RequestId: 'R-1' }, 'identity', 'access key id'],
  [400, { Code: 'SignatureDoesNotMatch', Message: 'POST&s3cret-', RequestId: 'R-1' }, 'identity', 'access key secret'],
  [400, { Code: 'Throttling.User', Message: 'x', RequestId: 'R-1' }, 'throttled', 'next request'],
  [503, { Code: 'ServiceUnavailable', Message: 'x', RequestId: 'R-1' }, 'unavailable', 'next request'],
  // Without Message, the library throws a TypeError.
  [403, { Code: 'NoPermission', RequestId: 'R-1' }, 'identity', 'trust policy'],
] as const)('reports code, status and request id of an STS error (%d %j)', async (...row) => {
  const [status, body, failure, advice] = row;

  const error = await failureOf(role, () => response(body, status));

  expect(error).toMatchObject({ name: 'FetchFailure', failure, code: body.Code, status, requestId: 'R-1' });
  expect(error.message).toContain(advice);
});

test.each([
  [200, 'malformed'],
  [403, 'identity'],
  [502, 'unavailable'],
] as const)('does not take an HTML page with status %d for an STS error', async (status, failure) => {
  const error = await failureOf(role, () => response('<html>s3cret-page</html>', status));

  expect(error).toMatchObject({ failure, status, code: undefined });
});

test.each([
  ['ECONNREFUSED', 'unreachable'],
  ['ENOTFOUND', 'unreachable'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'untrusted'],
] as const)('names the STS host that did not respond (%s)', async (code, failure) => {
  const error = await failureOf(role, () =>
    Promise.reject(Object.assign(new Error('https://sts.test/?Signature=s3cret-'), { code })),
  );

  expect(error).toMatchObject({ failure, code });
  expect(error.message).toContain(`sts.aliyuncs.com did not respond (${code})`);
});

test.each([
  [{}, 'sts-vpc.cn-beijing.aliyuncs.com', 'of-variables'],
  [{ stsRegionId: 'cn-hangzhou', roleSessionName: 'own' }, 'sts-vpc.cn-hangzhou.aliyuncs.com', 'own'],
  [{ stsEndpoint: 'sts.test' }, 'sts.test', 'of-variables'],
])('uses the STS defaults for what %j does not set', async (options, host, sessionName) => {
  const sent: SentRequest[] = [];
  const provider = alicloudCredentials(
    { ...role, ...options },
    {
      clock: new FakeClock({ date: now }),
      stsDefaults: { roleSessionName: 'of-variables', stsRegionId: 'cn-beijing', vpc: true },
      prepare: (library) =>
        Reflect.set(library, 'doRequest', async (request: SentRequest) => {
          sent.push(request);
          return response({ Credentials: issued });
        }),
    },
  );

  await provider.getCredential();

  expect(sent).toMatchObject([{ host, bodyForm: { RoleSessionName: sessionName } }]);
});

test('reports how far the clock of this machine is off', async () => {
  const error = await failureOf(role, () =>
    response({ Code: 'InvalidTimeStamp.Expired', Message: 'x', RequestId: 'R-1' }, 400, {
      date: 'Fri, 02 Jan 2026 02:44:05 GMT',
    }),
  );

  expect(error).toMatchObject({ failure: 'identity', code: 'InvalidTimeStamp.Expired' });
  expect(error.message).toContain("The clock of this machine is 20 minutes ahead of the server's");
});

test('requests the role and its credentials by IMDSv2', async () => {
  const { provider, sent } = setup({ type: 'ecs_ram_role' }, ({ method, path }) => {
    if (method === 'PUT') return response('s3cret-metadata-token');
    return path.endsWith('/') ? response('reader') : response({ ...issued, Code: 'Success' });
  });

  expect(await provider.getCredential()).toEqual(expected);
  expect(sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PUT /latest/api/token',
    'GET /latest/meta-data/ram/security-credentials/',
    'PUT /latest/api/token',
    'GET /latest/meta-data/ram/security-credentials/reader',
  ]);
  expect(sent.at(-1)?.headers).toMatchObject({ 'x-aliyun-ecs-metadata-token': 's3cret-metadata-token' });
});

test('caches credentials of the metadata service that expire within an hour', async () => {
  const { provider, sent } = setup({ type: 'ecs_ram_role', roleName: 'reader' }, ({ method }) =>
    method === 'PUT' ? response('token') : response({ ...issued, Code: 'Success', Expiration: '2026-01-02T03:44:05Z' }),
  );

  await provider.getCredential();
  await provider.getCredential();

  expect(sent).toHaveLength(2);
});

test('names the metadata service that does not respond or has no such role', async () => {
  const timedOut = await failureOf({ type: 'ecs_ram_role', roleName: 'reader' }, () =>
    Promise.reject(Object.assign(new Error('x'), { name: 'RequestTimeoutError' })),
  );
  const absent = await failureOf({ type: 'ecs_ram_role', roleName: 'reader' }, ({ method }) =>
    method === 'PUT' ? response('token') : response('<html>404</html>', 404),
  );

  expect(timedOut).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  expect(timedOut.message).toContain('100.100.100.200');
  expect(absent).toMatchObject({ failure: 'identity', status: 404 });
  expect(absent.message).toContain('no such role');
});

test.each([
  [403, 'identity', 'HttpPutResponseHopLimit'],
  [401, 'identity', 'hardened mode (IMDSv2)'],
  [405, 'identity', 'no other service responds at this address'],
  [503, 'unavailable', 'The next request may succeed.'],
])('gives advice for status %i of the metadata service', async (status, failure, advice) => {
  const body = { Code: 'AccessDenied', Message: 'x', RequestId: 'R-1' };
  const error = await failureOf({ type: 'ecs_ram_role' }, () => response(body, status));

  expect(error).toMatchObject({ failure, status });
  expect(error.message).toContain(`the metadata service 100.100.100.200 responded with status ${status}. `);
  expect(error.message).toContain(advice);
  expect(error.message).not.toContain('captive portal');
});

test('does not fall back to IMDSv1 if it is disabled', async () => {
  const { provider, sent } = setup({ type: 'ecs_ram_role', roleName: 'r', disableIMDSv1: true }, () =>
    response('', 403),
  );

  await expect(provider.getCredential()).rejects.toMatchObject({ failure: 'identity' });
  expect(sent).toHaveLength(1);
});

test('reads the OIDC token for each request and trims it', async () => {
  const file = tokenFile('s3cret-token-1\n');
  const { provider, sent, clock } = setup(oidcRole(file), () =>
    response({ Credentials: { ...issued, Expiration: new Date(clock.date() + 3_600_000).toISOString() } }),
  );
  await provider.getCredential();

  writeFileSync(file, 's3cret-token-2');
  await clock.pass('1h');
  await provider.getCredential();

  expect(sent.map(({ bodyForm }) => bodyForm?.['OIDCToken'])).toEqual(['s3cret-token-1', 's3cret-token-2']);
  expect(sent[0]).toMatchObject({ queries: { Action: 'AssumeRoleWithOIDC' }, host: 'sts.aliyuncs.com' });
});

test('names a token file that is missing or empty and sends no request', async () => {
  const empty = tokenFile(' \n');
  const missing = await failureOf(oidcRole('/nowhere/token'), () => response({ Credentials: issued }));
  const blank = await failureOf(oidcRole(empty), () => response({ Credentials: issued }));

  expect(missing).toMatchObject({ failure: 'identity', code: 'ENOENT' });
  expect(missing.message).toContain('/nowhere/token does not exist');
  expect(blank).toMatchObject({ failure: 'identity' });
  expect(blank.message).toContain(`${empty} is empty`);
});

test('an OIDC token that STS rejects is a failure of the identity', async () => {
  const error = await failureOf(oidcRole(tokenFile('s3cret-t')), () =>
    response({ Code: 'AuthenticationFail.OIDCToken.Expired', Message: 'x', RequestId: 'R-1' }, 401),
  );

  expect(error).toMatchObject({ failure: 'identity', code: 'AuthenticationFail.OIDCToken.Expired' });
  expect(error.message).toContain('has not expired');
});

test('takes the code of a response without a request id for that of a firewall', async () => {
  const error = await failureOf(role, () => response({ Code: 'AccessDenied', Message: 's3cret-page' }, 403));

  expect(error).toMatchObject({ failure: 'identity', status: 403, code: undefined });
  expect(error.message).toContain('a body that is not from Alibaba Cloud');
});

test.each([
  ['code', { Code: 's3cret-key of FakeId', RequestId: 'R-1' }, { code: undefined, requestId: 'R-1' }],
  ['code that is too long', { Code: 'A'.repeat(101), RequestId: 'R-1' }, { code: undefined, requestId: 'R-1' }],
  ['request id', { Code: 'NoPermission', RequestId: 'for s3cret-key' }, { code: undefined, requestId: undefined }],
  ['request id that is no text', { Code: 'NoPermission', RequestId: 7 }, { code: undefined, requestId: undefined }],
])('does not show foreign text in the %s of a response', async (_, body, shown) => {
  const error = await failureOf(role, () => response({ ...body, Message: 'x' }, 403));

  expect(error).toMatchObject({ failure: 'identity', status: 403, ...shown });
});

test('reports the Retry-After of STS', async () => {
  const failure = await failureOf(role, () => response('<html>busy</html>', 503, { 'retry-after': '3' }));

  expect(failure).toMatchObject({ failure: 'unavailable', retryAfter: 3_000 });
});
