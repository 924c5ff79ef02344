import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { Deadline, orAfter, unlessAborted } from './deadline.ts';

const never = new Promise<never>(() => {});

test('a deadline fires when its time is up, with its own reason', async () => {
  const clock = new FakeClock();
  const reason = new Error('too late');
  const deadline = new Deadline({ clock, ms: 100, parent: new AbortController().signal, reason: () => reason });

  await clock.pass(99);
  expect(deadline.signal.aborted).toBe(false);
  await clock.pass(1);

  expect(deadline.signal.reason).toBe(reason);
});

test('a deadline fires with the budget it is part of', () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const deadline = new Deadline({ clock, ms: 100, parent: parent.signal, reason: () => new Error('late') });

  parent.abort('closing');

  expect(deadline.signal.reason).toBe('closing');
  expect(clock.pending).toBe(0);
});

test('a deadline inside a budget that has ended has ended too', () => {
  const deadline = new Deadline({
    clock: new FakeClock(),
    ms: 100,
    parent: AbortSignal.abort('over'),
    reason: () => new Error('late'),
  });

  expect(deadline.signal.reason).toBe('over');
});

test('a lifted deadline leaves no timer and fires no more', async () => {
  const clock = new FakeClock();
  const parent = new AbortController();
  const deadline = new Deadline({ clock, ms: 100, parent: parent.signal, reason: () => new Error('late') });

  deadline.lift();
  parent.abort();
  await clock.pass(1_000);

  expect(deadline.signal.aborted).toBe(false);
  expect(clock.pending).toBe(0);
});

test('work that never ends is left when a signal fires', async () => {
  const controller = new AbortController();
  const left = unlessAborted(never, controller.signal);

  controller.abort('enough');

  await expect(left).rejects.toBe('enough');
});

test('work that ends first settles as it did', async () => {
  const { signal } = new AbortController();

  expect(await unlessAborted(Promise.resolve('done'), signal)).toBe('done');
  await expect(unlessAborted(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
});

test('what is late is replaced', async () => {
  const clock = new FakeClock();
  const replaced = orAfter<string>(never, clock, { ms: 50, late: () => 'late' });

  await clock.pass(50);

  expect(await replaced).toBe('late');
});

test('what is in time leaves no timer', async () => {
  const clock = new FakeClock();

  expect(await orAfter(Promise.resolve('in time'), clock, { ms: 50, late: () => 'late' })).toBe('in time');
  expect(clock.pending).toBe(0);
});
