import { expect, test } from 'vitest';
import { FakeClock } from '@kms-secrets/testing';
import { sleep, suspendAwareTime, systemClock } from './clock.ts';

function machine(): { wall: number; monotonic: number } {
  return { wall: 1_000_000, monotonic: 500 };
}

function read(time: { wall: number; monotonic: number }): () => number {
  return suspendAwareTime({ wall: () => time.wall, monotonic: () => time.monotonic });
}

test('counts the time that the machine was suspended', () => {
  const time = machine();
  const now = read(time);

  time.wall += 3_600_000;

  expect(now()).toBe(3_600_000);
});

test('never goes back when the calendar is set back', () => {
  const time = machine();
  const now = read(time);
  time.wall += 1_000;
  time.monotonic += 1_000;
  const before = now();

  time.wall -= 3_600_000;
  time.monotonic += 50;

  expect(now() - before).toBe(50);
});

test('counts time once although two clocks show it', () => {
  const time = machine();
  const now = read(time);

  time.wall += 70;
  time.monotonic += 70;

  expect(now()).toBe(70);
});

test('does not run faster when it is read often', () => {
  const time = machine();
  const now = read({
    get wall() {
      return Math.trunc(time.wall);
    },
    get monotonic() {
      return time.monotonic;
    },
  });

  for (let look = 0; look < 4_000; look += 1) {
    time.wall += 0.25;
    time.monotonic += 0.25;
    now();
  }

  expect(now()).toBe(1_000);
});

test('counts several suspensions with the calendar set back in between', () => {
  const time = machine();
  const now = read(time);

  for (let night = 0; night < 3; night += 1) {
    time.wall += 3_600_000;
    now();
    time.wall -= 1_800_000;
    now();
  }

  expect(now()).toBe(3 * 3_600_000);
});

test('cachedNow() changes only between turns of the event loop', async () => {
  const first = systemClock.cachedNow();
  const started = performance.now();
  while (performance.now() - started < 3);
  const again = systemClock.cachedNow();
  await new Promise((resolve) => setImmediate(resolve));
  const later = systemClock.cachedNow();

  expect(again).toBe(first);
  expect(later).toBeGreaterThan(first);
});

test('sleep() rejects with the reason of its signal and leaves no timer', async () => {
  const clock = new FakeClock();
  const reason = new Error('enough');
  const controller = new AbortController();
  const slept = sleep(clock, 5_000, controller.signal);

  controller.abort(reason);

  await expect(slept).rejects.toBe(reason);
  expect(clock.pendingTimers).toBe(0);
});

test('sleep() with an aborted signal sets no timer', async () => {
  const clock = new FakeClock();

  await expect(sleep(clock, 5_000, AbortSignal.abort('over'))).rejects.toBe('over');
  expect(clock.pendingTimers).toBe(0);
});

test('a delay beyond the range of setTimeout does not fire immediately', async () => {
  let hasFired = false;
  const cancel = systemClock.setUnrefTimer(2 ** 40, () => {
    hasFired = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  cancel();

  expect(hasFired).toBe(false);
});
