import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { EventIds } from './event-ids.ts';

test('knows an id for three minutes', async () => {
  const clock = new FakeClock();
  const ids = new EventIds(clock);

  expect([ids.add('a'), ids.add('a'), ids.add('b')]).toEqual([true, false, true]);
  await clock.pass(179_999);
  expect(ids.add('a')).toBe(false);
  await clock.pass(1);
  expect(ids.add('a')).toBe(true);
});

test('forgets the oldest of ten thousand ids', () => {
  const ids = new EventIds(new FakeClock());
  for (let index = 0; index < 10_001; index += 1) ids.add(`id-${index}`);

  expect([ids.add('id-1'), ids.add('id-0')]).toEqual([false, true]);
});
