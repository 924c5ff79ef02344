import type { FailureName } from '@kms-secrets/core';
import { expect } from 'vitest';

import type { FakeFault, FakeKms } from '../fake-kms/index.ts';
import { clause, clauseWithTemporaryCredentials } from './transport-fixture.ts';

const region = 'cn-hangzhou';
const kmsError = (status: number, code: string): FakeFault => ({ kind: 'error', status, code });

/** A fault, the failure it must be reported as, and the failure over an SDK that hides the status. */
const faults: readonly (readonly [string, FakeFault, FailureName, FailureName?])[] = [
  ['KMS throttling', { kind: 'throttle' }, 'throttled'],
  ['Throttling', kmsError(503, 'Throttling'), 'throttled'],
  ['Throttling.User', kmsError(400, 'Throttling.User'), 'throttled'],
  ['Throttling.Api', kmsError(400, 'Throttling.Api'), 'throttled'],
  ['429 with a foreign HTML page', { kind: 'html', status: 429 }, 'throttled', 'malformed'],
  ['ServiceUnavailableTemporary', kmsError(503, 'ServiceUnavailableTemporary'), 'unavailable'],
  ['InternalFailure', kmsError(500, 'InternalFailure'), 'unavailable'],
  ['an unknown code with 500', kmsError(500, 'Whatever'), 'unavailable'],
  ['the error page of a load balancer', { kind: 'html', status: 502 }, 'unavailable', 'malformed'],
  ['503 without a body', { kind: 'empty', status: 503 }, 'unavailable', 'malformed'],
  ['a connection reset', { kind: 'reset' }, 'unreachable'],
  ['a connection closed before the response', { kind: 'closeSocket' }, 'unreachable'],
  ['a truncated response', { kind: 'truncate' }, 'unreachable'],
  ['200 without JSON', { kind: 'malformed' }, 'malformed'],
  ['200 without a secret', { kind: 'wrongShape' }, 'malformed'],
  ['200 with another secret', { kind: 'otherSecret' }, 'malformed'],
  ['200 without a body', { kind: 'empty', status: 200 }, 'malformed'],
  ['404 with a foreign HTML page', { kind: 'html', status: 404 }, 'malformed'],
  ['403 with a foreign HTML page', { kind: 'html', status: 403 }, 'rejected', 'malformed'],
  ['401 without a body', { kind: 'empty', status: 401 }, 'rejected', 'malformed'],
  ['a wrong clock', kmsError(400, 'InvalidTimeStamp.Expired'), 'identity'],
  ['a wrong parameter', kmsError(400, 'InvalidParameter'), 'rejected'],
  ['an unpaid bill', kmsError(403, 'Forbidden.InDebt'), 'rejected'],
  ['an unknown access key', kmsError(404, 'InvalidAccessKeyId.NotFound'), 'identity'],
  ['a wrong signature', kmsError(400, 'SignatureDoesNotMatch'), 'identity'],
  ['an expired token', kmsError(400, 'InvalidSecurityToken.Expired'), 'identity'],
  ['a token of another access key', kmsError(400, 'InvalidSecurityToken.MismatchWithAccessKey'), 'identity'],
  ['an unreadable signature', kmsError(400, 'IncompleteSignature'), 'identity'],
  ['an unknown code with 401', kmsError(401, 'Whatever'), 'identity'],
  ['an account under risk control', kmsError(403, 'Forbidden.RiskControl'), 'rejected'],
  ['an unverified account', kmsError(403, 'Forbidden.UserVerification'), 'rejected'],
  ['a changed request method', kmsError(403, 'UnsupportedHTTPMethod'), 'rejected'],
  ['another code with 403', kmsError(403, 'InvalidAction'), 'rejected'],
  ['an unknown denial', kmsError(403, 'Forbidden.Whatever'), 'denied'],
  ['a deleted key', kmsError(404, 'Forbidden.KeyNotFound'), 'disabled'],
  ['an unavailable secret', kmsError(409, 'Rejected.Unavailable'), 'disabled'],
];

const states: readonly (readonly [string, (kms: FakeKms, accessKeyId: string) => void, FailureName])[] = [
  ['a denied secret', (kms) => kms.deny('db'), 'denied'],
  ['a disabled secret', (kms) => kms.disable('db'), 'disabled'],
  ['a secret scheduled for deletion', (kms) => kms.scheduleDeletion('db'), 'disabled'],
  ['a deleted secret', (kms) => kms.remove('db'), 'notFound'],
  ['a disabled access key', (kms, accessKeyId) => kms.disableAccessKey(accessKeyId), 'identity'],
  ['a deleted access key', (kms, accessKeyId) => kms.removeAccessKey(accessKeyId), 'identity'],
  ['a clock that is 16 minutes off', (kms) => kms.clock.pass(16 * 60_000), 'identity'],
];

/** Each failure name, from every condition that must be reported as such. */
export const failureClauses: readonly ReturnType<typeof clause>[] = [
  ...faults.map(([what, fault, failure, overSdk = failure]) =>
    clause(`${what} is reported as ${failure}`, async ({ kms, isOverSdk, fail }) => {
      kms.put('db', 's3cret-one');
      kms.fault(fault);

      expect((await fail()).failure).toBe(isOverSdk ? overSdk : failure);
      expect(kms.requests, 'one attempt is one request').toHaveLength(1);
    }),
  ),
  ...states.map(([what, apply, failure]) =>
    clause(`${what} is reported as ${failure}`, async ({ kms, fetch, fail }) => {
      kms.put('db', 's3cret-one');
      // The transport may use an access key or a client key: take the id from its request.
      await fetch({ name: 'db' });
      apply(kms, kms.requests.at(-1)?.accessKeyId ?? '');
      kms.clearRequests();

      expect((await fail()).failure).toBe(failure);
      expect(kms.requests, 'one attempt is one request').toHaveLength(1);
    }),
  ),
  clause('an unknown version or stage is notFound', async ({ kms, fail }) => {
    kms.put('db', 's3cret-one', { versionId: 'v1' });

    const failures = [await fail({ name: 'db', versionId: 'v9' }), await fail({ name: 'db', stage: 'ACSPrevious' })];

    expect(failures.map(({ failure }) => failure)).toEqual(['notFound', 'notFound']);
  }),
  clause('a refused connection is unreachable', async ({ kms, fail }) => {
    await kms.stop(region);

    const { failure, code } = await fail();

    expect([failure, code]).toEqual(['unreachable', 'ECONNREFUSED']);
  }),
  clause('an otherwise correct response over 1 MiB is malformed', async ({ kms, isOverSdk, fetch, fail }) => {
    const request = { name: 'other-secret' }; // the name in the fake's oversized response
    const injected = kms.fault({ kind: 'oversized', bytes: 1_000_000 });
    expect((await fetch(request)).versionId).toBe('v1');
    injected.heal();
    kms.fault({ kind: 'oversized', bytes: 1_100_000 });

    if (isOverSdk) expect((await fetch(request)).versionId).toBe('v1');
    else expect((await fail(request)).failure).toBe('malformed');
  }),
  clause('a redirect is not followed', async ({ kms, fail }) => {
    kms.put('db', 's3cret-one');
    kms.fault({ kind: 'redirect', location: kms.endpoint('cn-shanghai').url }, { region });

    expect((await fail()).failure).toBe('malformed');
    expect(kms.requests).toHaveLength(1);
  }),
  clause('a failure has the code, status and request id of the response', async ({ kms, fail }) => {
    kms.deny('db');

    const { code, status, requestId } = await fail();

    expect([code, status]).toEqual(['Forbidden.NoPermission', 403]);
    expect(requestId).toMatch(/^\S{8,}$/u);
  }),
  clause('a failure has the retry-after time of the response', async ({ kms, isOverSdk, fail }) => {
    kms.fault({ kind: 'throttle', retryAfter: 3_000 });

    expect((await fail()).retryAfter).toBe(isOverSdk ? undefined : 3_000);
  }),
  ...(['expired', 'wrongName', 'otherCa', 'selfSigned'] as const).map((of) =>
    clause(`a certificate with the fault ${of} is untrusted and carries no request`, async ({ kms, fail }) => {
      kms.put('db', 's3cret-one');
      kms.fault({ kind: 'certificate', of });

      expect((await fail()).failure).toBe('untrusted');
      expect([kms.requests.length, kms.badCertificateRequests]).toEqual([0, 0]);
    }),
  ),
  clauseWithTemporaryCredentials('no failure contains the security token', async ({ kms, fail }) => {
    kms.put('db', 's3cret-one');
    for (const [, fault] of faults) {
      const injected = kms.fault(fault);
      await fail();
      injected.heal();
    }
  }),
  clauseWithTemporaryCredentials('an expired token is a failure of the identity', async ({ kms, fail }) => {
    kms.put('db', 's3cret-one');
    kms.fault(kmsError(400, 'InvalidSecurityToken.Expired'));

    expect((await fail()).failure).toBe('identity');
  }),
];
