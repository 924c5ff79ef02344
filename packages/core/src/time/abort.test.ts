import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { isAbortSignal, onAbort } from './abort.ts';

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
  const removed = onAbort(controller.signal, task);
  onAbort(controller.signal, task);

  removed.remove();
  controller.abort();

  expect(runs).toBe(1);
});

test('recognises a signal by what it has, not by its class', () => {
  const ofAnotherRealm = Object.create({ aborted: false, addEventListener: () => {} }) as unknown;

  expect(isAbortSignal(new AbortController().signal)).toBe(true);
  expect(isAbortSignal(ofAnotherRealm)).toBe(true);
  expect([undefined, null, {}, { aborted: false }, 'signal'].some(isAbortSignal)).toBe(false);
});
