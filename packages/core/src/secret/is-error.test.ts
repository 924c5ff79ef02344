import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { safeMessage } from './errors.ts';
import { errorCode, errorName, isError, safeCode } from './is-error.ts';
import { describeThrown } from './thrown-error.ts';

const ofAnotherRealm: unknown = runInNewContext(`Object.assign(new TypeError('x'), { code: 'ENOENT' })`);

test('recognises an error of another realm, as inside Jest', () => {
  expect(ofAnotherRealm instanceof Error).toBe(false);
  expect(isError(ofAnotherRealm)).toBe(true);
  expect(errorCode(ofAnotherRealm)).toBe('ENOENT');
  expect(safeMessage(ofAnotherRealm)).toBe('TypeError, ENOENT was thrown');
});

test.each([undefined, null, 'ENOENT', { code: 'ENOENT' }, { message: 'x' }])('%s is not an error', (value) => {
  expect(isError(value)).toBe(false);
  expect(errorCode(value)).toBeUndefined();
});

test('a function with the fields of an error is not an error', () => {
  const thrown = Object.assign(() => {}, { message: 'x', code: 'ENOENT' });

  expect([isError(thrown), errorCode(thrown)]).toEqual([false, undefined]);
});

test('a code that is not text counts as none', () => {
  expect(errorCode(Object.assign(new Error('x'), { code: 7 }))).toBeUndefined();
});

test('a getter that throws counts as absent', () => {
  const get = (): never => {
    throw new Error('from a getter');
  };

  expect(isError(Object.defineProperty(new Error('x'), 'message', { get }))).toBe(false);
  expect(errorCode(Object.defineProperty(new Error('x'), 'code', { get }))).toBeUndefined();
  expect(errorName(Object.defineProperty(new Error('x'), 'name', { get }))).toBe('Error');
  expect(describeThrown(Object.defineProperty(new Error('x'), 'stack', { get }))).toBe('Error was thrown');
});

test.each<[string, string | undefined]>([
  ['ECONNRESET', 'ECONNRESET'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ['ERR_HTTP2_STREAM_CANCEL', 'ERR_HTTP2_STREAM_CANCEL'],
  ['InvalidAccessKeyId.NotFound', 'InvalidAccessKeyId.NotFound'],
  ['Forbidden', 'Forbidden'],
  ['S3CRETAKIAIOSFODNN7EXAMPLE', undefined],
  ['LTAI5tS3cretS3cretXy', undefined],
  ['s3cret', undefined],
  ['S3cretWJalrXUtnFEMIkMDENG', undefined],
  ['PIN_20481357', undefined],
  ['acs:ram::1:role/s3cret', undefined],
])('of the code %s, a message shows %s', (code, shown) => {
  const error = Object.assign(new Error('x'), { code });

  expect(safeCode(error)).toBe(shown);
  expect(safeMessage(error)).toBe(shown === undefined ? 'Error was thrown' : `Error, ${shown} was thrown`);
});

class QuotaError extends Error {}

test.each<[string, object, string]>([
  ['that of its class', new QuotaError('x'), 'QuotaError'],
  ['one that a library sets', Object.assign(new Error('x'), { name: 'ThrottlingException' }), 'ThrottlingException'],
  ['that of a DOMException', new DOMException('x', 'AbortError'), 'AbortError'],
  ['not a token', Object.assign(new QuotaError('x'), { name: 'LTAI5tS3cretS3cretXy' }), 'QuotaError'],
  ['not a password', Object.assign(new Error('x'), { name: 's3cret' }), 'Error'],
  ['not a constructor of the error', Object.assign(new Error('x'), { constructor: { name: 's3cret' } }), 'Error'],
])('the name of an error is %s', (_, error, name) => {
  expect(errorName(error)).toBe(name);
  expect(safeMessage(error)).toBe(`${name} was thrown`);
});
