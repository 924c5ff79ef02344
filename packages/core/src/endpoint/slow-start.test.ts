import { expect, test } from 'vitest';
import { SlowStart } from './slow-start.ts';

test('five successes allow one more open request', () => {
  const start = new SlowStart();
  const windows = Array.from({ length: 11 }, () => {
    const { window } = start;
    start.responded();
    return window;
  });

  expect(windows).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
});

test('is over after 155 successes', () => {
  const start = new SlowStart();
  for (let count = 0; count < 154; count += 1) start.responded();
  expect(start.isOver).toBe(false);

  start.responded();

  expect(start.isOver).toBe(true);
});
