import { describe, expect, test } from 'vitest';
import {
  AccessDeniedError,
  ClientClosedError,
  ConfigurationError,
  DeadlineExceededError,
  RequestRejectedError,
  SecretDisabledError,
  SecretNotFoundError,
  SecretSetError,
  SecretTypeError,
  SecretUnavailableError,
  StoreError,
} from '../secret/errors.ts';
import type { AnySecretError } from '../secret/errors.ts';
import type { ClientHealth } from './health.ts';
import { errorAnswer, healthAnswer } from './http-response.ts';

const details = { secretName: 'prod/db', endpoint: 'kms.example', requestId: 'request-1' };
const unavailable = new SecretUnavailableError('KMS is away: kms.example', { ...details, attempts: [] });
const denied = new AccessDeniedError('KMS refuses the secret "prod/db"', details);
const closed = new ClientClosedError('prod/db');
const setOf = (...errors: AnySecretError[]): SecretSetError =>
  new SecretSetError(errors.length, 'read', new Map(errors.map((error, index) => [`name-${index}`, error])));

describe('an error', () => {
  test.each([
    [503, '1', unavailable],
    [503, '1', new DeadlineExceededError('Too late', { ...details, attempts: [] })],
    [503, '1', closed],
    [503, '1', setOf(unavailable, closed)],
    [503, undefined, setOf(unavailable, denied)],
    [503, undefined, denied],
    [503, undefined, new SecretNotFoundError('KMS knows no secret "prod/db"', details)],
    [503, undefined, new SecretDisabledError('KMS gives it to nobody', details)],
    [503, undefined, new RequestRejectedError('The clock is wrong', details)],
    [503, undefined, new StoreError('Not written', details)],
    [500, undefined, new SecretTypeError({ ...details, versionId: 'v1', expected: '', actual: '', advice: '' })],
    [500, undefined, new ConfigurationError([])],
  ])('is answered with %i, to be tried again in %s s, and its code alone: %s', (status, retryAfter, error) => {
    const headers = { 'cache-control': 'no-store', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) };

    expect(errorAnswer(error)).toEqual({ status, headers, body: { code: error.code } });
  });

  test('of another copy of this package is answered like ours', () => {
    const brand = { [Symbol.for('@kms-secrets/core.error')]: true };
    const theirs = Object.assign(new Error('denied'), brand, { code: 'ERR_ACCESS_DENIED' });

    expect(errorAnswer(theirs)).toMatchObject({ status: 503, body: { code: 'ERR_ACCESS_DENIED' } });
  });

  test.each([new Error('no secret of ours'), 'a text', undefined, null, { code: 'ERR_ACCESS_DENIED' }])(
    'that is not ours is not answered: %s',
    (error) => {
      expect(errorAnswer(error)).toBeUndefined();
    },
  );
});

test.each([
  ['ok', 200],
  ['degraded', 200],
  ['failing', 503],
] as const)('a probe is answered %s with %i, for nobody to keep', (status, code) => {
  const health: ClientHealth = { status, missing: [], secrets: [], endpoints: [] };

  expect(healthAnswer(health)).toEqual({ status: code, headers: { 'cache-control': 'no-store' }, body: health });
});
