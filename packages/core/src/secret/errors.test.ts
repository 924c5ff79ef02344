import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import {
  AccessDeniedError,
  ClientClosedError,
  ConfigurationError,
  DeadlineExceededError,
  IdentityRejectedError,
  isOutage,
  isSecretError,
  safeMessage,
  SecretError,
  SecretSetError,
  SecretUnavailableError,
} from './errors.ts';
import type { AnySecretError } from './errors.ts';
import { errorLink } from './error-link.fixture.ts';

test('recognises errors by code, also of another copy of the package', () => {
  const error = new AccessDeniedError('no', { secretName: 'db' });
  const foreign = Object.assign(new Error('no'), {
    code: 'ERR_ACCESS_DENIED',
    [Symbol.for('@kms-secrets/core.error')]: true,
  });

  expect(isSecretError(error)).toBe(true);
  expect(isSecretError(error, 'ERR_ACCESS_DENIED')).toBe(true);
  expect(isSecretError(error, 'ERR_SECRET_NOT_FOUND')).toBe(false);
  expect(isSecretError(foreign, 'ERR_ACCESS_DENIED')).toBe(true);
  expect(error).toBeInstanceOf(SecretError);
});

test.each([undefined, null, 'ERR_ACCESS_DENIED', { code: 'ERR_ACCESS_DENIED' }, new Error('x')])(
  '%s is not an error of this package',
  (thrown) => {
    expect(isSecretError(thrown)).toBe(false);
  },
);

test('lists all configuration errors with source and expected value', () => {
  const error = new ConfigurationError([
    { key: 'ttl', source: 'option', got: '0', expected: 'a duration', example: `'15m'` },
    { key: 'credentials', source: 'credentials_type', expected: 'a key pair' },
  ]);

  expect(error.message).toBe(
    [
      'Invalid configuration (2 errors):',
      '  - ttl (option): expected a duration, got 0',
      "    example: '15m'",
      '  - credentials (credentials_type): expected a key pair',
      'See https://kms-secrets.github.io/kms-secrets/errors#err_configuration',
    ].join('\n'),
  );
});

test('lists the error of each secret of a set', () => {
  const foreign = new Map<string, unknown>([
    ['db', new Error('s3cret-quoted')],
    ['key', 's3cret-thrown'],
  ]) as ReadonlyMap<string, AnySecretError>; // what a hook or transport of another package might throw
  const error = new SecretSetError(2, 'read', foreign);

  expect(error.message).toBe(
    [
      '2 of 2 secrets could not be read:',
      '  - db: Error was thrown',
      '  - key: a value that is not an Error was thrown',
      errorLink('ERR_SECRET_SET'),
    ].join('\n'),
  );
  expect(error.message.includes('s3cret')).toBe(false);
});

test('a message on one line ends with a link to the error index', () => {
  expect(new ClientClosedError().message).toBe(
    'The secret client is closed. Create a new one to read secrets. See https://kms-secrets.github.io/kms-secrets/errors#err_client_closed',
  );
});

test('an error in a list or another message has no link', () => {
  const denied = new AccessDeniedError('KMS denied access.');
  const set = new SecretSetError(1, 'read', new Map([['db', denied]]));

  expect(safeMessage(denied)).toBe('KMS denied access.');
  expect(safeMessage(set)).toBe('1 of 1 secret could not be read:\n  - db: KMS denied access.');
});

test('a printed error does not show the brand symbol', () => {
  expect(inspect(new AccessDeniedError('no'))).not.toContain('Symbol');
});

test('isSecretError takes several codes', () => {
  const error = new AccessDeniedError('denied', {});

  expect(isSecretError(error, ['ERR_SECRET_NOT_FOUND', 'ERR_ACCESS_DENIED'])).toBe(true);
  expect(isSecretError(error, ['ERR_SECRET_NOT_FOUND'])).toBe(false);
  expect(isSecretError(error, [])).toBe(false);
});

test('isOutage separates failures to reach KMS from refusals', () => {
  const unavailable = new SecretUnavailableError('unavailable', { attempts: [] });
  const late = new DeadlineExceededError('late', { attempts: [] });
  const identity = new IdentityRejectedError('identity', { attempts: [] });
  const denied = new AccessDeniedError('denied', {});
  const setOf = (...errors: AnySecretError[]): SecretSetError =>
    new SecretSetError(errors.length, 'read', new Map(errors.map((error, index) => [`name-${index}`, error])));

  expect([unavailable, late, identity, setOf(unavailable, identity)].map(isOutage)).toEqual([true, true, true, true]);
  expect([denied, setOf(unavailable, denied), new Error('other'), undefined].map(isOutage)).not.toContain(true);
});
