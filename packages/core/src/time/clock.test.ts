import { expect, test } from 'vitest';
import { FakeClock } from '@kms-secrets/testing';
import { sleep, steadyTime, systemClock } from './clock.ts';

function machine(): { wall: number; monotonic: number } {
  return { wall: 1_000_000, monotonic: 500 };
}

function read(time: { wall: number; monotonic: number }): () => number {
  return steadyTime({ wall: () => time.wall, monotonic: () => time.monotonic });
}

test('time goes on while the monotonic clock stands still, as in a laptop that sleeps', () => {
  const time = machine();
  const now = read(time);

  time.wall += 3_600_000;

  expect(now()).toBe(3_600_000);
});

test('time never goes back when the calendar is set back', () => {
  const time = machine();
  const now = read(time);
  time.wall += 1_000;
  time.monotonic += 1_000;
  const before = now();

  time.wall -= 3_600_000;
  time.monotonic += 50;

  expect(now() - before).toBe(50);
});

test('what passes is counted once, though two clocks tell it', () => {
  const time = machine();
  const now = read(time);

  time.wall += 70;
  time.monotonic += 70;

  expect(now()).toBe(70);
});

test('looked at often, time goes no faster: a step of the calendar and one of the monotonic clock are the same time', () => {
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

test('time goes on over many sleeps, with the calendar set back in between', () => {
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

test('the time of one turn of the event loop is looked up once, and again in a later one', async () => {
  const first = systemClock.recent();
  const started = performance.now();
  while (performance.now() - started < 3);
  const again = systemClock.recent();
  await new Promise((resolve) => setImmediate(resolve));
  const later = systemClock.recent();

  expect(again).toBe(first);
  expect(later).toBeGreaterThan(first);
});

test('a sleep ends at once when its signal fires, with the reason of the signal, and leaves no timer', async () => {
  const clock = new FakeClock();
  const reason = new Error('enough');
  const controller = new AbortController();
  const slept = sleep(clock, 5_000, controller.signal);

  controller.abort(reason);

  await expect(slept).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
});

test('a sleep with a signal that has fired already never begins', async () => {
  const clock = new FakeClock();

  await expect(sleep(clock, 5_000, AbortSignal.abort('over'))).rejects.toBe('over');
  expect(clock.pending).toBe(0);
});

test('a timer longer than setTimeout can count does not fire at once', async () => {
  let hasFired = false;
  const cancel = systemClock.after(2 ** 40, () => {
    hasFired = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  cancel();

  expect(hasFired).toBe(false);
});
