import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from './abort.ts';

test('thousands who wait for one signal are one listener', () => {
  const controller = new AbortController();
  let told = 0;
  for (let index = 0; index < 5_000; index += 1) onAbort(controller.signal, () => (told += 1));

  expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
  controller.abort();

  expect(told).toBe(5_000);
});

test('a task that was called off is not run', () => {
  const controller = new AbortController();
  let told = 0;
  const task = (): void => void (told += 1);
  const callOff = onAbort(controller.signal, task);
  onAbort(controller.signal, task);

  callOff();
  controller.abort();

  expect(told).toBe(1);
});
