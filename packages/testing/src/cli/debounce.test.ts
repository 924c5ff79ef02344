import { expect, test } from 'vitest';

import { FakeClock } from '../fake-clock.ts';
import { Debounce } from './debounce.ts';

test('runs the task once after a series of triggers', async () => {
  const { clock, debounce, runs } = setup();

  debounce.trigger();
  await clock.pass(60);
  debounce.trigger();
  await clock.pass(60);
  expect(runs.length).toBe(0);
  await clock.pass(40);
  expect(runs.length).toBe(1);
  debounce.trigger();
  await clock.pass(100);
  expect(runs.length).toBe(2);
});

test('does not run the task after cancel()', async () => {
  const { clock, debounce, runs } = setup();

  debounce.trigger();
  debounce.cancel();
  await clock.pass(1000);

  expect(runs).toEqual([]);
});

function setup(): { clock: FakeClock; debounce: Debounce; runs: number[] } {
  const clock = new FakeClock();
  const runs: number[] = [];
  const debounce = new Debounce({ clock, delay: 100, task: () => runs.push(clock.now()) });
  return { clock, debounce, runs };
}
