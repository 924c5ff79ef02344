import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Reloadable } from './reloadable.ts';

/** A value that is read from `file`. */
function setUp() {
  const clock = new FakeClock();
  const file: { content: string | undefined } = { content: 'first' };
  const reloadable = new Reloadable({ initial: 'first', read: () => file.content, clock });
  return { clock, file, reloadable };
}

test('follows a file that changed, after 10 s', async () => {
  const { clock, file, reloadable } = setUp();
  file.content = 'second';
  await clock.pass('9s');
  const early = reloadable.get();

  await clock.pass('1s');

  expect([early, reloadable.get()]).toEqual(['first', 'second']);
  expect(clock.pendingTimers).toBe(0);
});

test('reads a file immediately if its content was rejected', () => {
  const { file, reloadable } = setUp();
  const used = reloadable.get();
  const before = reloadable.replace(used);
  file.content = 'second';

  const after = reloadable.replace(used);

  expect([before, after, reloadable.get()]).toEqual([false, true, 'second']);
});

test('does not read again for a rejected value that was replaced', () => {
  const { file, reloadable } = setUp();
  const used = reloadable.get();
  file.content = 'second';
  reloadable.replace(used);
  file.content = 'third';

  expect([reloadable.replace(used), reloadable.get()]).toEqual([true, 'second']);
});

test('keeps the value while the file is invalid', async () => {
  const { clock, file, reloadable } = setUp();
  file.content = undefined;
  await clock.pass('1m');

  expect(reloadable.get()).toBe('first');
  expect(reloadable.replace('first')).toBe(false);
});
