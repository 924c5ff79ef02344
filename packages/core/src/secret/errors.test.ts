import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { AccessDeniedError, ConfigurationError, isSecretError, SecretError, SecretSetError } from './errors.ts';

test('an error is recognised by its code, in this copy of the package and in another', () => {
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
  '%s is none of ours',
  (thrown) => {
    expect(isSecretError(thrown)).toBe(false);
  },
);

test('all mistakes of a configuration stand in one message, each with its place and what is right', () => {
  const error = new ConfigurationError([
    { key: 'ttl', source: 'option', got: '0', expected: 'a duration', example: `'15m'` },
    { key: 'credentials', source: 'variable credentials_type', expected: 'a key pair' },
  ]);

  expect(error.message).toBe(
    [
      'The configuration of the secret client has 2 mistakes:',
      '  - ttl (option): expected a duration, got 0',
      "      for example: '15m'",
      '  - credentials (variable credentials_type): expected a key pair',
    ].join('\n'),
  );
});

test('an error of a set names each reason, also one that is no error', () => {
  const error = new SecretSetError(
    2,
    'asked for',
    new Map<string, unknown>([
      ['db', new Error('away')],
      ['key', 's3cret-thrown'],
    ]),
  );

  expect(error.message).toContain('  - db: Error was thrown\n  - key: something that is not an error was thrown');
  expect(error.message.includes('s3cret')).toBe(false);
});

test('a printed error shows no plumbing', () => {
  expect(inspect(new AccessDeniedError('no'))).not.toContain('Symbol');
});
