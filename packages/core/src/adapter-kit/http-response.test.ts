import { describe, expect, test } from 'vitest';
import {
  AccessDeniedError,
  ClientClosedError,
  ConfigurationError,
  DeadlineExceededError,
  IdentityRejectedError,
  RequestRejectedError,
  SecretDisabledError,
  SecretNotFoundError,
  SecretSetError,
  SecretTypeError,
  SecretUnavailableError,
  StoreError,
} from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { ClientHealth } from '../secret/status.ts';
import { errorResponse, healthResponse } from './http-response.ts';

const details = { secretName: 'prod/db', endpoint: 'kms.example', requestId: 'request-1' };
const unavailable = new SecretUnavailableError('KMS is unavailable: kms.example', { ...details, attempts: [] });
const denied = new AccessDeniedError('KMS denies access to "prod/db"', details);
const closed = new ClientClosedError('prod/db');
const setOf = (...errors: AnySecretError[]): SecretSetError =>
  new SecretSetError(errors.length, 'read', new Map(errors.map((error, index) => [`name-${index}`, error])));

describe('an error', () => {
  test.each([
    [503, '1', unavailable],
    [503, '1', new DeadlineExceededError('Too late', { ...details, attempts: [] })],
    [503, '1', new IdentityRejectedError('The access key is disabled', { ...details, attempts: [] })],
    [503, '1', closed],
    [503, '1', setOf(unavailable, closed)],
    [503, undefined, setOf(unavailable, denied)],
    [503, undefined, denied],
    [503, undefined, new SecretNotFoundError('KMS has no secret "prod/db"', details)],
    [503, undefined, new SecretDisabledError('The secret is disabled', details)],
    [503, undefined, new RequestRejectedError('The clock is wrong', details)],
    [503, undefined, new StoreError('Not written', details)],
    [500, undefined, new SecretTypeError({ ...details, versionId: 'v1', expected: '', actual: '', advice: '' })],
    [500, undefined, new ConfigurationError([])],
  ])('gets a %i with Retry-After %s and its code alone: %s', (status, retryAfter, error) => {
    const headers = { 'cache-control': 'no-store', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) };

    expect(errorResponse(error)).toEqual({ status, headers, body: { code: error.code } });
  });

  test('of another copy of this package gets the same response', () => {
    const brand = { [Symbol.for('@kms-secrets/core.error')]: true };
    const foreign = Object.assign(new Error('denied'), brand, { code: 'ERR_ACCESS_DENIED' });

    expect(errorResponse(foreign)).toMatchObject({ status: 503, body: { code: 'ERR_ACCESS_DENIED' } });
  });

  test.each([new Error('unrelated'), 'a string', undefined, null, { code: 'ERR_ACCESS_DENIED' }])(
    'of another kind gets no response: %s',
    (error) => {
      expect(errorResponse(error)).toBeUndefined();
    },
  );
});

test.each([
  ['ok', 200],
  ['degraded', 200],
  ['failing', 503],
] as const)('a %s client responds to a probe with an uncacheable %i', (status, code) => {
  const counts = { fresh: 0, stale: 0, expired: 0, failing: 0, refused: 0, missing: 0 };
  const rest = { problems: [], missing: [], endpoints: [], stores: [] };
  const health: ClientHealth = { status, counts, identity: 'accepted', ...rest };

  expect(healthResponse(health)).toEqual({ status: code, headers: { 'cache-control': 'no-store' }, body: health });
});
