import { expect, test } from 'vitest';
import { failureOfResponse, failures } from './failures.ts';
import type { FailureName } from './failures.ts';

test.each<[number, string | undefined, FailureName]>([
  [429, 'Rejected.Throttling', 'throttled'],
  [429, undefined, 'throttled'],
  [400, 'Throttling', 'throttled'],
  [400, 'Throttling.User', 'throttled'],
  [503, 'Throttling.Api', 'throttled'],
  [503, 'ServiceUnavailableTemporary', 'unavailable'],
  [500, 'InternalFailure', 'unavailable'],
  [500, 'SomethingNew', 'unavailable'],
  [502, undefined, 'unavailable'],
  [408, 'RequestTimeout', 'unavailable'],
  [401, 'Unauthorized', 'identity'],
  [403, 'Forbidden.NoPermission', 'denied'],
  [403, 'NoPermission', 'denied'],
  [403, 'Forbidden.InDebt', 'rejected'],
  [403, 'Forbidden.InDebtOverdue', 'rejected'],
  [403, 'Forbidden.RiskControl', 'rejected'],
  [403, 'Forbidden.UserVerification', 'rejected'],
  [403, 'InvalidAction', 'rejected'],
  [403, 'UnsupportedHTTPMethod', 'rejected'],
  [403, 'SomethingNew', 'rejected'],
  [404, 'InvalidAccessKeyId.NotFound', 'identity'],
  [400, 'InvalidAccessKeyId.Inactive', 'identity'],
  [400, 'SignatureDoesNotMatch', 'identity'],
  [400, 'InvalidSecurityToken.Expired', 'identity'],
  [404, 'Forbidden.ResourceNotFound', 'notFound'],
  [409, 'Rejected.Disabled', 'disabled'],
  [409, 'Rejected.PendingDeletion', 'disabled'],
  [404, 'Forbidden.KeyNotFound', 'disabled'],
  [400, 'InvalidSecurityToken.Malformed', 'identity'],
  [400, 'InvalidSecurityToken.SomethingNew', 'identity'],
  [400, 'MissingSecurityToken', 'identity'],
  [400, 'IncompleteSignature', 'identity'],
  [403, 'SignatureDoesNotMatch', 'identity'],
  [401, 'SignatureNotMatch', 'identity'],
  [401, 'AuthenticationFail.OIDCToken.Expired', 'identity'],
  [401, 'SomethingNew', 'identity'],
  [400, 'InvalidTimeStamp.Expired', 'identity'],
  [400, 'RequestTimeTooSkewed', 'identity'],
  [400, 'SignatureNonceUsed', 'unreachable'],
  [400, 'InvalidParameter', 'rejected'],
  [404, 'InvalidAction.NotFound', 'rejected'],
  [400, 'constructor', 'rejected'],
])('HTTP %i with code %s is %s', (status, code, failure) => {
  expect(failureOfResponse(status, code)).toBe(failure);
});

test.each([
  [408, 'unavailable'],
  [421, 'unavailable'],
  [425, 'unavailable'],
  [499, 'unavailable'],
  [403, 'rejected'],
  [401, 'rejected'],
  [404, 'malformed'],
  [302, 'malformed'],
  [413, 'malformed'],
])('HTTP %i without a KMS body revokes nothing: %s', (status, failure) => {
  expect(failureOfResponse(status, undefined)).toBe(failure);
  expect(failures[failureOfResponse(status, undefined)].serveStale).toBe(true);
});

test('drops a secret only if KMS itself refuses it', () => {
  const dropped = Object.entries(failures).flatMap(([name, { serveStale }]) => (serveStale ? [] : [name]));

  expect(dropped).toEqual(['denied', 'disabled', 'notFound']);
});

test.each(['Rejected.Disabled', 'SignatureDoesNotMatch', 'Forbidden.ResourceNotFound', 'Forbidden.NoPermission'])(
  'treats 503 with %s as unavailable',
  (code) => {
    expect(failureOfResponse(503, code)).toBe('unavailable');
  },
);
