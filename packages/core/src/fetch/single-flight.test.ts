import { expect, test } from 'vitest';
import { SingleFlight } from './single-flight.ts';

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

test('callers join a flight in progress', async () => {
  const flights = new SingleFlight<string>();
  const { promise, resolve } = deferred<string>();
  let started = 0;
  const fetch = (): Promise<string> => {
    started += 1;
    return promise;
  };

  const waiting = Array.from({ length: 1_000 }, () => flights.run('db', fetch));
  resolve('fetched');

  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['fetched']));
  expect(started).toBe(1);
});

test('a flight that has ended is not joined', async () => {
  const flights = new SingleFlight<number>();
  let started = 0;

  await flights.run('db', async () => (started += 1));
  await flights.run('db', async () => (started += 1));

  expect(started).toBe(2);
});

test('a forgotten flight does not remove the newer one', async () => {
  const flights = new SingleFlight<string>();
  const first = deferred<string>();
  const second = deferred<string>();
  const old = flights.run('db', () => first.promise);
  flights.forget('db');
  const renewed = flights.run('db', () => second.promise);

  first.resolve('old');
  await old;
  const joined = flights.run('db', async () => 'a third fetch');
  second.resolve('new');

  expect(await joined).toBe('new');
  expect(await renewed).toBe('new');
});

test('a flight can find out that it was forgotten', async () => {
  const flights = new SingleFlight<boolean>();
  const gate = deferred<void>();
  const flight = flights.run('db', async (isForgotten) => {
    await gate.promise;
    return isForgotten();
  });
  flights.forget('db');
  gate.resolve();

  expect(await flight).toBe(true);
  expect(await flights.run('db', async (isForgotten) => isForgotten())).toBe(false);
});

test('a synchronous throw rejects the flight and removes it', async () => {
  const flights = new SingleFlight<string>();

  await expect(
    flights.run('db', () => {
      throw new Error('at once');
    }),
  ).rejects.toThrow('at once');
  expect(flights.size).toBe(0);
});
