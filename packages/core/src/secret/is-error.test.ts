import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { safeMessage } from './errors.ts';
import { errorCode, isError } from './is-error.ts';

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

test('a code that is not text counts as none', () => {
  expect(errorCode(Object.assign(new Error('x'), { code: 7 }))).toBeUndefined();
});

test('a getter that throws counts as absent', () => {
  const get = (): never => {
    throw new Error('from a getter');
  };

  expect(isError(Object.defineProperty(new Error('x'), 'message', { get }))).toBe(false);
  expect(errorCode(Object.defineProperty(new Error('x'), 'code', { get }))).toBeUndefined();
});
