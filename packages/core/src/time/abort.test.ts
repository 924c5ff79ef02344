import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from './abort.ts';

test('thousands of tasks on one signal add one listener', () => {
  const controller = new AbortController();
  let runs = 0;
  for (let index = 0; index < 5_000; index += 1) onAbort(controller.signal, () => (runs += 1));

  expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
  controller.abort();

  expect(runs).toBe(5_000);
});

test('a removed task does not run', () => {
  const controller = new AbortController();
  let runs = 0;
  const task = (): void => void (runs += 1);
  const removeTask = onAbort(controller.signal, task);
  onAbort(controller.signal, task);

  removeTask();
  controller.abort();

  expect(runs).toBe(1);
});
