import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { describeThrown, withoutMessage } from './thrown-error.ts';

const here = /thrown-error\.test\.ts:\d+:\d+$/u;

function thrownBy(task: () => unknown): unknown {
  try {
    return task();
  } catch (error) {
    return error;
  }
}

test('describes an error by class, code and place', () => {
  class QuotaError extends Error {}
  const error = Object.assign(new QuotaError('s3cret-1'), { code: 'E_QUOTA' });

  expect(describeThrown(error)).toMatch(/^QuotaError, E_QUOTA was thrown at \S/u);
  expect(describeThrown(error)).toMatch(here);
});

test('names the code of the app, not that of Node', () => {
  const error = thrownBy(() => new URL('s3cret-1'));

  expect(describeThrown(error)).toMatch(/^TypeError, ERR_INVALID_URL was thrown at \S/u);
  expect(describeThrown(error)).toMatch(here);
});

test.each<[string, unknown]>([
  ['a message of several lines', new Error('s3cret-1\n    at s3cret (s3cret.ts:1:1)\ns3cret-2')],
  ['a message that was changed', Object.assign(new Error('s3cret-1\n    at s3cret.ts:1:1'), { message: 'other' })],
  ['an error of JSON.parse', thrownBy(() => JSON.parse('s3cret-1') as unknown)],
  ['fields and a cause', Object.assign(new Error('x', { cause: new Error('s3cret-1') }), { config: 's3cret-2' })],
  ['a code with other characters', Object.assign(new Error('x'), { code: 's3cret 1' })],
  ['a name with other characters', Object.assign(new Error('x'), { name: 's3cret 1' })],
  ['a stack that is not a string', Object.assign(new Error('x'), { stack: ['s3cret-1'] })],
  ['a string', 's3cret-1'],
])('quotes nothing of %s', (_, error) => {
  const copy = withoutMessage(error);

  expect(describeThrown(error)).not.toContain('s3cret');
  expect(inspect(copy, { depth: 9, showHidden: true })).not.toContain('s3cret');
});

test('keeps class, code and stack in a copy without the message', () => {
  const copy = withoutMessage(Object.assign(new TypeError('s3cret-1'), { code: 'E_X' }));

  expect(copy?.message).toBe('TypeError, E_X was thrown (its message is left out: it may contain a secret)');
  expect(copy).toMatchObject({ code: 'E_X' });
  expect(copy?.stack?.split('\n')[1]).toContain('thrown-error.test.ts');
});

test('keeps no stack of a value that is not an error', () => {
  expect(withoutMessage('s3cret-1')).toBeUndefined();
  expect(describeThrown('s3cret-1')).toBe('a value that is not an Error was thrown');
});
