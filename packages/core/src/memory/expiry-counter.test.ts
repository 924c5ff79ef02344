import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExpiryCounter } from './expiry-counter.ts';

test('counts the times that have passed, rounded up to whole seconds', () => {
  const counter = new ExpiryCounter();
  for (const time of [1_000, 1_001, 5_000]) counter.add(time);

  expect([0, 999, 1_000, 1_999, 2_000, 5_000].map((now) => counter.passed(now))).toEqual([0, 0, 1, 1, 2, 3]);
});

test('does not count a removed time, passed or not', () => {
  const counter = new ExpiryCounter();
  for (const time of [1_000, 1_000, 9_000]) counter.add(time);
  counter.passed(3_000);
  counter.remove(1_000);
  counter.remove(9_000);

  expect(counter.passed(9_000)).toBe(1);
});

test('counts a time that had passed when it was added', () => {
  const counter = new ExpiryCounter();
  counter.passed(10_000);
  counter.add(4_000);

  expect(counter.passed(10_000)).toBe(1);
});

test('counts nothing after clear()', () => {
  const counter = new ExpiryCounter();
  counter.add(1_000);
  counter.passed(2_000);
  counter.add(3_000);
  counter.clear();

  expect(counter.passed(9_000)).toBe(0);
});

test('agrees with a count of every time, whatever is added and removed', () => {
  const step = fc.record({ time: fc.nat(100_000), isRemoved: fc.boolean(), advance: fc.nat(20_000) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const counter = new ExpiryCounter();
      const times: number[] = [];
      let now = 0;
      for (const { time, isRemoved, advance } of steps) {
        const oldest = isRemoved ? times.shift() : undefined;
        if (oldest !== undefined) counter.remove(oldest);
        counter.add(time);
        times.push(time);
        now += advance;
        const second = Math.floor(now / 1_000);
        expect(counter.passed(now)).toBe(times.filter((each) => Math.ceil(each / 1_000) <= second).length);
      }
    }),
  );
});
