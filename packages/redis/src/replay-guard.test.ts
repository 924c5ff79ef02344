import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ReplayGuard } from './replay-guard.ts';

test('accepts each number of a sender once', () => {
  const guard = new ReplayGuard();

  expect([guard.accept('a', 1), guard.accept('a', 1), guard.accept('b', 1), guard.accept('a', 2)]).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test('accepts late numbers within a window of 128', () => {
  const guard = new ReplayGuard();
  guard.accept('a', 1_000);

  expect([guard.accept('a', 873), guard.accept('a', 872)]).toEqual([true, false]);
});

test('rejects a number that has left the window', () => {
  const guard = new ReplayGuard();
  for (let number = 1; number <= 200; number += 1) guard.accept('a', number);

  expect([guard.accept('a', 1), guard.accept('a', 72), guard.accept('a', 73), guard.accept('a', 200)]).toEqual(
    Array(4).fill(false),
  );
});

test('evicts the least recently active sender', () => {
  const guard = new ReplayGuard();
  guard.accept('first', 1);
  guard.accept('second', 1);
  guard.accept('first', 2);
  for (let index = 0; index < 16_383; index += 1) guard.accept(`sender-${index}`, 1);

  expect([guard.accept('first', 2), guard.accept('second', 1)]).toEqual([false, true]);
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('needs no memory for numbers that have left the window', () => {
  const guard = new ReplayGuard();
  collectGarbage();
  const before = process.memoryUsage().heapUsed;

  for (let number = 1; number <= 50_000; number += 1) guard.accept('a', number);

  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
  expect(guard.accept('a', 50_000)).toBe(false);
});
