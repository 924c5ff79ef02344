import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { RequestRejectedError } from '../secret/errors.ts';
import { CachedErrors } from './cached-errors.ts';

const error = new RequestRejectedError('no');

function setUp(): { readonly clock: FakeClock; readonly errors: CachedErrors } {
  const clock = new FakeClock();
  return { clock, errors: new CachedErrors(clock, 10_000) };
}

test('bounds the cached refusals and removes the oldest first', () => {
  const { errors } = setUp();
  for (let index = 0; index <= 10_000; index += 1) errors.set(`typo-${index}`, error);

  expect(errors.size).toBe(10_000);
  expect(errors.get('typo-0')).toBeUndefined();
  expect(errors.get('typo-1')).toBeDefined();
});

test('a cached refusal expires', () => {
  const { clock, errors } = setUp();
  errors.set('typo', error);

  clock.freeze(9_999);
  expect(errors.get('typo')).toBe(error);
  clock.freeze(1);
  expect(errors.get('typo')).toBeUndefined();
  expect(errors.size).toBe(0);
});

test('removes expired refusals although no read asks for them', async () => {
  const { clock, errors } = setUp();
  errors.set('first', error);
  await clock.pass('4s');
  errors.set('second', error);

  await clock.pass('6s');
  expect(errors.size).toBe(1);
  await clock.pass('10s');

  expect(errors.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('a refusal that is cached again expires later', async () => {
  const { clock, errors } = setUp();
  errors.set('typo', error);
  await clock.pass('6s');
  errors.set('typo', error);

  await clock.pass('6s');

  expect(errors.get('typo')).toBe(error);
});

test('clear() cancels the timer', () => {
  const { clock, errors } = setUp();
  errors.set('typo', error);

  errors.clear();

  expect(errors.size).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

test('deletes the refusals of a name and its ARNs in every stage', () => {
  const { errors } = setUp();
  for (const key of ['db', 'db\0ACSPrevious\0', 'acs:kms:cn-hangzhou:1:secret/db', 'db2']) errors.set(key, error);

  errors.deleteRelated('db');

  expect(errors.size).toBe(1);
  expect(errors.get('db2')).toBe(error);
});
