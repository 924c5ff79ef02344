import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ModuleLoadError } from '../secret/module-error.ts';
import { asFetchFailure, FetchFailure } from './transport.ts';

test('keeps a FetchFailure, also of another realm or copy of the package', () => {
  const own = new FetchFailure('throttled', 'busy', { retryAfter: 2_000 });
  const foreign: unknown = runInNewContext(
    `Object.assign(new Error('busy'), { failure: 'throttled', retryAfter: 2000 })`,
  );

  expect(asFetchFailure(own)).toBe(own);
  expect(asFetchFailure(foreign)).toMatchObject({ failure: 'throttled', message: 'busy', retryAfter: 2_000 });
});

test('has a cause only if it was given one', () => {
  expect('cause' in new FetchFailure('throttled', 'busy')).toBe(false);
  expect(new FetchFailure('throttled', 'busy', { cause: 'quota' }).cause).toBe('quota');
});

test('reports what a transport throws by class and place', () => {
  const failure = asFetchFailure(new TypeError('s3cret-1'));

  expect(failure.failure).toBe('malformed');
  expect(failure.message).toMatch(/^Transport failed: TypeError was thrown at \S+transport\.test\.ts:\d+:\d+\.$/u);
  expect(failure.cause).toMatchObject({ stack: expect.stringContaining('transport.test.ts') as string });
  expect(String(failure.cause)).not.toContain('s3cret-');
});

test.each([
  ['ERR_MODULE_NOT_FOUND', 'rejected'],
  ['EMFILE', 'unreachable'],
])('a module that could not be loaded because of %s is %s', (code, failure) => {
  const error = new ModuleLoadError(Object.assign(new Error("Cannot find package 'x'"), { code }));

  expect(asFetchFailure(error)).toMatchObject({ failure, code });
  expect(asFetchFailure(error).message).toContain("Cannot find package 'x'");
});
