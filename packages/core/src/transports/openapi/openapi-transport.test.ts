import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import type { FakeFault } from '@kms-secrets/testing';
import { FakeClock, startFakeKms } from '@kms-secrets/testing';
import type { FakeKms } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { CredentialsProvider } from '../../ports/credentials.ts';
import type { FetchFailure } from '../../ports/transport.ts';
import type { SecretRequest } from '../../secret/secret-request.ts';
import type { OpenApiOptions } from './openapi-transport.ts';
import { OpenApiTransport } from './openapi-transport.ts';

const region = 'cn-hangzhou';

type AccessKeyOptions = OpenApiOptions & { readonly credentials: CredentialsProvider };

function open(kms: FakeKms, options: Partial<AccessKeyOptions> = {}): OpenApiTransport {
  return new OpenApiTransport({
    endpoint: { host: kms.endpoint(region).endpoint },
    ca: kms.caPem,
    credentials: { getCredential: () => Promise.resolve({ ...kms.accessKey }) },
    clock: new FakeClock({ date: kms.clock.date() }),
    connectTimeout: 2_000,
    maxResponseBytes: 1_048_576,
    ...options,
  });
}

function fetchSecret(
  transport: OpenApiTransport,
  request: SecretRequest = { name: 'prod/db' },
): ReturnType<typeof transport.fetch> {
  return transport.fetch(request, new AbortController().signal);
}

async function failureOf(fetching: Promise<unknown>): Promise<FetchFailure> {
  return fetching.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: FetchFailure) => error,
  );
}

test('fetches a secret with a signature that KMS accepts', async () => {
  await using kms = await startFakeKms();
  const versionId = kms.put('prod/db', 's3cret-1');
  const transport = open(kms);

  const secret = await fetchSecret(transport);

  transport.close();
  expect(secret.text()).toBe('s3cret-1');
  expect(secret).toMatchObject({ name: 'prod/db', versionId });
  expect(kms.requests).toMatchObject([
    { protocol: 'acs3', action: 'GetSecretValue', status: 200, versionStage: undefined },
  ]);
  expect(transport.endpoint).toBe(kms.endpoint(region).endpoint);
});

test.each(['product!name', 'a+b/c=d', '../../etc/passwd', 'a@b.c', '_-'])('fetches a secret named %j', async (name) => {
  await using kms = await startFakeKms();
  kms.put(name, 's3cret-1');
  const transport = open(kms);

  const secret = await fetchSecret(transport, { name });

  transport.close();
  expect(secret.name).toBe(name);
});

test('fetches a secret by its ARN', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  const transport = open(kms);

  const secret = await fetchSecret(transport, { name: `acs:kms:${region}:1234567890123456:secret/prod/db` });

  transport.close();
  expect(secret.text()).toBe('s3cret-1');
});

test('fetches a stage and a version id', async () => {
  await using kms = await startFakeKms();
  const first = kms.put('prod/db', 's3cret-1');
  kms.put('prod/db', 's3cret-2');
  const transport = open(kms);

  const previous = await fetchSecret(transport, { name: 'prod/db', stage: 'ACSPrevious' });
  const byId = await fetchSecret(transport, { name: 'prod/db', versionId: first });

  transport.close();
  expect(previous.text()).toBe('s3cret-1');
  expect(byId.versionId).toBe(first);
  expect(kms.requests).toMatchObject([
    { versionStage: 'ACSPrevious', versionId: undefined },
    { versionStage: undefined, versionId: first },
  ]);
});

test('sends the token of temporary credentials', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  const key = { accessKeyId: 'STS.FakeKey', accessKeySecret: 'FakeSecret', securityToken: 'Fake+/Token==' };
  kms.addStsKey({ ...key, expiresAt: kms.clock.date() + 3_600_000 });
  const transport = open(kms, { credentials: { getCredential: () => Promise.resolve(key) } });

  const secret = await fetchSecret(transport);

  transport.close();
  expect(secret.text()).toBe('s3cret-1');
  expect(kms.requests[0]?.headers).toContain('x-acs-security-token');
});

test('signs each request and reuses the connection', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  const transport = open(kms);

  await fetchSecret(transport);
  await fetchSecret(transport);

  transport.close();
  expect(kms.requests).toMatchObject([{ status: 200 }, { status: 200 }]); // the fake rejects a reused nonce
  expect(kms.handshakes).toBe(1);
});

const failing: readonly (readonly [FakeFault, object])[] = [
  [
    { kind: 'throttle', retryAfter: 300 },
    { failure: 'throttled', status: 429, retryAfter: 300 },
  ],
  [
    { kind: 'error', status: 500, code: 'InternalFailure' },
    { failure: 'unavailable', code: 'InternalFailure' },
  ],
  [{ kind: 'reset' }, { failure: 'unreachable', code: 'ECONNRESET' }],
  [{ kind: 'closeSocket' }, { failure: 'unreachable', code: 'ECONNRESET' }],
  [{ kind: 'truncate' }, { failure: 'unreachable', code: 'ECONNRESET' }],
  [
    { kind: 'html', status: 502 },
    { failure: 'unavailable', status: 502 },
  ],
  [
    { kind: 'html', status: 403 },
    { failure: 'rejected', status: 403 },
  ],
  [
    { kind: 'empty', status: 413 },
    { failure: 'malformed', status: 413 },
  ],
  [{ kind: 'malformed' }, { failure: 'malformed', status: 200 }],
  [{ kind: 'wrongShape' }, { failure: 'malformed' }],
  [{ kind: 'otherSecret' }, { failure: 'malformed' }],
  [{ kind: 'oversized', bytes: 2_000_000 }, { failure: 'malformed' }],
  [
    { kind: 'redirect', location: 'https://example.invalid/' },
    { failure: 'malformed', status: 302 },
  ],
];

test.each(failing)('classifies the fault %j and shows no secret', async (fault, expected) => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  kms.fault(fault);
  const transport = open(kms);

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ name: 'FetchFailure', ...expected });
  const text = `${failure.message} ${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`;
  expect(text).not.toMatch(/s3cret-|SecretName=|Signature=/u);
  expect(text).not.toContain(kms.accessKey.accessKeyId);
  expect(kms.requests).toHaveLength(1);
});

const harmless: readonly FakeFault[] = [{ kind: 'chunked' }, { kind: 'connectionClose' }];

test.each(harmless)('reads a complete response with %j', async (fault) => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-数据');
  kms.fault(fault);
  const transport = open(kms);

  const secret = await fetchSecret(transport);

  transport.close();
  expect(secret.text()).toBe('s3cret-数据');
});

test.each([
  ['expired', 'CERT_HAS_EXPIRED', 'expired'],
  ['wrongName', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DNS:kms.wrong-name.invalid'],
  ['otherCa', undefined, 'CN=kms.cn-hangzhou.aliyuncs.com'],
  ['selfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'is self-signed'],
] as const)('sends no request to a server with an invalid certificate: %s', async (of, code, words) => {
  await using kms = await startFakeKms();
  kms.fault({ kind: 'certificate', of });
  const transport = open(kms);

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ failure: 'untrusted', ...(code === undefined ? {} : { code }) });
  expect(failure.message).toContain(words);
  expect(kms.badCertificateRequests).toBe(0);
});

test('trusts only the CAs of the file; an intermediate is enough', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1', { versionId: 'v1' });
  const at = kms.caPem.lastIndexOf('-----BEGIN');
  const root = kms.caPem.slice(0, at);
  const intermediate = kms.caPem.slice(at);

  for (const ca of [intermediate, `${intermediate}\n${root}`]) {
    const transport = open(kms, { ca });
    expect((await fetchSecret(transport)).versionId).toBe('v1');
    transport.close();
  }
  const publicOnly = open(kms, { ca: undefined });
  expect((await failureOf(fetchSecret(publicOnly))).failure).toBe('untrusted');
  publicOnly.close();
});

interface DeniedCase {
  readonly when: string;
  readonly change: (kms: FakeKms) => void;
  readonly failure: string;
  readonly code: string;
  readonly advice: string;
}

const deniedCases: readonly DeniedCase[] = [
  {
    when: 'the policy denies access',
    change: (kms) => kms.deny('prod/db'),
    failure: 'denied',
    code: 'Forbidden.NoPermission',
    advice: 'kms:GetSecretValue',
  },
  {
    when: 'the secret does not exist',
    change: (kms) => kms.remove('prod/db'),
    failure: 'notFound',
    code: 'Forbidden.ResourceNotFound',
    advice: 'the region',
  },
  {
    when: 'the secret is disabled',
    change: (kms) => kms.disable('prod/db'),
    failure: 'disabled',
    code: 'Rejected.Disabled',
    advice: 'Enable it',
  },
  {
    when: 'the access key does not exist',
    change: (kms) => kms.removeAccessKey(kms.accessKey.accessKeyId),
    failure: 'identity',
    code: 'InvalidAccessKeyId.NotFound',
    advice: 'does not exist',
  },
];

test.each(deniedCases)('reports code, request id and advice if $when', async (deniedCase) => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  deniedCase.change(kms);
  const transport = open(kms);

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ failure: deniedCase.failure, code: deniedCase.code });
  expect(failure.requestId).toMatch(/^[\w-]{36}$/u);
  expect(failure.message).toContain(deniedCase.advice);
});

test('shows neither key nor string to sign for a wrong access key secret', async () => {
  await using kms = await startFakeKms();
  const key = { accessKeyId: kms.accessKey.accessKeyId, accessKeySecret: 'FakeButWrong' };
  const transport = open(kms, { credentials: { getCredential: () => Promise.resolve(key) } });

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ failure: 'identity', code: 'SignatureDoesNotMatch' });
  expect(failure.cause).toBeUndefined();
  expect(failure.message).not.toMatch(/POST|FakeButWrong|x-acs/u);
  expect(failure.message).not.toContain(key.accessKeyId);
});

test('reports how far the clock of this machine is off', async () => {
  await using kms = await startFakeKms();
  const transport = open(kms, { clock: new FakeClock({ date: kms.clock.date() - 3_600_000 }) });

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ failure: 'identity', code: 'InvalidTimeStamp.Expired' });
  expect(failure.message).toMatch(/behind the clock of KMS/u);
});

test('signs a request again if the process was suspended after the first signature', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  const clock = new FakeClock({ date: kms.clock.date() });
  let suspensions = 1;
  const transport = open(kms, {
    clock,
    nonce() {
      // The date is part of the signature by now. KMS and this machine resume an hour later.
      if (suspensions > 0) {
        kms.clock.pass(3_600_000);
        clock.setDate(kms.clock.date());
      }
      suspensions -= 1;
      return randomUUID();
    },
  });

  const secret = await fetchSecret(transport);

  transport.close();
  expect(secret.text()).toBe('s3cret-1');
  expect(kms.requests.map(({ code }) => code)).toEqual(['InvalidTimeStamp.Expired', undefined]);
});

test('signs a request again if KMS has received its nonce before', async () => {
  await using kms = await startFakeKms();
  kms.put('prod/db', 's3cret-1');
  kms.fault({ kind: 'error', status: 400, code: 'SignatureNonceUsed' }, { times: 1 });
  const transport = open(kms);

  const secret = await fetchSecret(transport);

  transport.close();
  expect(secret.text()).toBe('s3cret-1');
  expect(kms.requests).toHaveLength(2);
});

test('reports a closed port as unreachable', async () => {
  await using kms = await startFakeKms();
  const transport = open(kms);
  await kms.stop(region);

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ failure: 'unreachable', code: 'ECONNREFUSED' });
});

test('sends no request if the provider throws or returns half a key', async () => {
  await using kms = await startFakeKms();
  const throwing = open(kms, { credentials: { getCredential: () => Promise.reject(new Error('s3cret-token')) } });
  const incomplete = open(kms, { credentials: { getCredential: () => Promise.resolve({ accessKeyId: 'FakeId' }) } });

  const failures = [await failureOf(fetchSecret(throwing)), await failureOf(fetchSecret(incomplete))];

  expect(failures).toMatchObject([{ failure: 'unreachable' }, { failure: 'unreachable' }]);
  expect(failures.map(String).join(' ')).not.toContain('s3cret-');
  expect(kms.requests).toEqual([]);
});

test.each<[string, () => Promise<object>]>([
  [
    'a name and a code',
    () => Promise.reject(Object.assign(new Error('x'), { name: 's3cretToken1', code: 's3cret_2' })),
  ],
  [
    'a getter that throws',
    () =>
      Promise.resolve({
        accessKeyId: 'FakeId',
        get accessKeySecret() {
          throw Object.assign(new Error('s3cret-token'), { config: 's3cret-config' });
        },
      }),
  ],
])('quotes nothing of an error of the provider: %s', async (_, getCredential) => {
  await using kms = await startFakeKms();
  const transport = open(kms, { credentials: { getCredential } });

  const failure = await failureOf(fetchSecret(transport));

  expect(failure.failure).toBe('unreachable');
  expect(failure.message).toContain('the credentials provider failed: Error was thrown');
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('s3cret');
});

test('rejects an access key with a line break and does not quote it', async () => {
  await using kms = await startFakeKms();
  const key = { accessKeyId: 'Fake\nKey', accessKeySecret: 'x' };
  const transport = open(kms, { credentials: { getCredential: () => Promise.resolve(key) } });

  const failure = await failureOf(fetchSecret(transport));

  transport.close();
  expect(failure).toMatchObject({ failure: 'identity', code: 'ERR_INVALID_CHAR' });
  expect(failure.message).not.toContain('Fake\nKey');
});

test('rejects a name with a lone surrogate and sends no request', async () => {
  await using kms = await startFakeKms();

  const failure = await failureOf(fetchSecret(open(kms), { name: 'a\uD800' }));

  expect(failure.failure).toBe('rejected');
  expect(kms.requests).toEqual([]);
});
