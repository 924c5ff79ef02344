import { FakeClock } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Priority } from './priority.ts';
import { RateLimiter } from './rate-limiter.ts';
import { settled, unhandledRejections } from './rejections.fixture.ts';

function setup({ maxInFlight = 100, maxPerSecond = 100 }: { maxInFlight?: number; maxPerSecond?: number } = {}) {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight, maxPerSecond });
  const entered: string[] = [];
  const failed: string[] = [];
  const controller = new AbortController();
  const enter = (name: string, priority = new Priority('read'), signal = controller.signal): void => {
    const granted = limiter.acquire(priority, signal);
    if (granted === undefined) entered.push(name);
    else
      granted.then(
        () => entered.push(name),
        (error: unknown) => failed.push(`${name}: ${String(error)}`),
      );
  };
  return { clock, limiter, entered, failed, enter, controller };
}

test('grants up to `maxInFlight` requests, the next one on release', async () => {
  const { clock, limiter, entered, enter } = setup({ maxInFlight: 2 });
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  expect(entered).toEqual(['a', 'b']);
  expect(limiter.queued).toBe(2);

  limiter.release();
  await clock.pass(0);

  expect(entered).toEqual(['a', 'b', 'c']);
});

test('grants `maxPerSecond` requests, the next one with its token', async () => {
  const { clock, entered, enter } = setup({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c', 'd']) enter(name);
  expect(entered).toEqual(['a', 'b']);

  await clock.pass(499);
  expect(entered).toEqual(['a', 'b']);
  await clock.pass(1);
  expect(entered).toEqual(['a', 'b', 'c']);
  await clock.pass(500);

  expect(entered).toEqual(['a', 'b', 'c', 'd']);
  expect(clock.pendingTimers).toBe(0);
});

test('grants a read before earlier refreshes', async () => {
  const { clock, limiter, entered, enter } = setup({ maxInFlight: 1 });
  enter('first');
  enter('refresh', new Priority('refresh'));
  enter('reader');

  limiter.release();
  await clock.pass(0);

  expect(entered).toEqual(['first', 'reader']);
});

test('reserves a quarter of slots and tokens for foreground reads', () => {
  const places = setup({ maxInFlight: 8 });
  const tokens = setup({ maxPerSecond: 8 });

  for (const { enter } of [places, tokens]) {
    for (let count = 0; count < 8; count += 1) enter('refresh', new Priority('refresh'));
    enter('reader');
  }

  expect(places.entered).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
  expect(tokens.entered).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
});

test('grants refreshes with a single slot or token', async () => {
  const { clock, limiter, entered, enter } = setup({ maxInFlight: 1, maxPerSecond: 1 });
  enter('one', new Priority('refresh'));
  enter('two', new Priority('refresh'));

  limiter.release();
  await clock.pass('1s');

  expect(entered).toEqual(['one', 'two']);
});

test('a new refresh does not overtake a waiting one', async () => {
  const { clock, entered, enter } = setup({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c']) enter(name, new Priority('refresh'));

  clock.freeze(500);
  enter('d', new Priority('refresh'));
  await clock.pass(0);

  expect(entered).toEqual(['a', 'b', 'c']);
});

test('a promoted refresh overtakes other refreshes', async () => {
  const { clock, limiter, entered, enter } = setup({ maxInFlight: 1 });
  const joined = new Priority('refresh');
  enter('first');
  enter('second', new Priority('refresh'));
  enter('joined', joined);

  joined.raise('read');
  limiter.release();
  await clock.pass(0);

  expect(entered).toEqual(['first', 'joined']);
});

test('an aborted waiter leaves the queue with the reason of its signal', async () => {
  const { clock, limiter, failed, enter } = setup({ maxInFlight: 1 });
  const controller = new AbortController();
  enter('first');
  enter('second', new Priority('read'), controller.signal);

  controller.abort(new Error('enough'));
  await clock.pass(0);

  expect(failed).toEqual(['second: Error: enough']);
  expect(limiter.queued).toBe(0);
});

test('rejects when the queue is full and names the options', async () => {
  const { clock, failed, enter } = setup({ maxInFlight: 1 });
  for (let count = 0; count < 10_001; count += 1) enter(String(count));

  enter('late');
  await clock.pass(0);

  expect(failed).toEqual([expect.stringContaining('maxRequestsPerEndpoint')]);
});

test('never exceeds `maxInFlight`, nor twice the rate in any second', async () => {
  const call = fc.record({ after: fc.nat(400), purpose: fc.constantFrom('read' as const, 'refresh' as const) });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(call, { maxLength: 40 }),
      async (maxInFlight, maxPerSecond, calls) => {
        const clock = new FakeClock({ settle: () => new Promise((resolve) => queueMicrotask(resolve)) });
        const limiter = new RateLimiter({ clock, maxInFlight, maxPerSecond });
        const moments: number[] = [];
        let inFlight = 0;
        const onGrant = (): void => {
          moments.push(clock.now());
          inFlight += 1;
          expect(inFlight).toBeLessThanOrEqual(maxInFlight);
          clock.setUnrefTimer(150, () => {
            inFlight -= 1;
            limiter.release();
          });
        };
        for (const { after, purpose } of calls) {
          await clock.pass(after);
          const granted = limiter.acquire(new Priority(purpose), new AbortController().signal);
          if (granted === undefined) onGrant();
          else void granted.then(onGrant);
        }
        await clock.pass('2m');

        expect(moments.length).toBe(calls.length);
        for (const [index, moment] of moments.entries()) {
          const within = moments.filter((other, at) => at >= index && other - moment < 1_000).length;
          expect(within).toBeLessThanOrEqual(2 * maxPerSecond);
        }
      },
    ),
    { numRuns: 50 },
  );
});

test('closing empties the queue without timers or unhandled rejections', async () => {
  const unhandled = unhandledRejections();
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 10, maxPerSecond: 5 });
  const closing = new AbortController();
  const priorities = Array.from({ length: 1_000 }, (_, index) => new Priority(index % 2 === 0 ? 'read' : 'refresh'));
  const entered = priorities.map((priority) => limiter.acquire(priority, closing.signal));
  const outcomes = Promise.allSettled(entered.filter((granted) => granted !== undefined));

  closing.abort(new Error('closed'));
  const reasons = (await outcomes).map(({ status }) => status);
  await settled();

  expect(reasons.every((status) => status === 'rejected')).toBe(true);
  expect([limiter.queued, clock.pendingTimers, unhandled]).toEqual([0, 0, []]);
});

test('grants a read at once among ten thousand due refreshes', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 64, maxPerSecond: 225 });
  const { signal } = new AbortController();
  let refreshed = 0;
  for (let count = 0; count < 10_000; count += 1) {
    const granted = limiter.acquire(new Priority('refresh'), signal);
    const act = (): void => {
      refreshed += 1;
      clock.setUnrefTimer(10, () => limiter.release());
    };
    if (granted === undefined) act();
    else void granted.then(act);
  }
  expect(limiter.acquire(new Priority('read'), signal)).toBeUndefined();
  limiter.release();

  await clock.pass('30s');

  expect(limiter.acquire(new Priority('read'), signal)).toBeUndefined();
  expect(refreshed).toBeGreaterThan(30 * 225);
  expect(refreshed).toBeLessThanOrEqual(31 * 225);
});

test('grants a promoted refresh among endless reads', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 1_000, maxPerSecond: 10 });
  const { signal } = new AbortController();
  const refresh = new Priority('refresh');
  let isIn = false;
  for (let count = 0; count < 100; count += 1) void limiter.acquire(new Priority('read'), signal);
  void limiter.acquire(refresh, signal)?.then(() => (isIn = true));

  refresh.raise('read');
  for (let count = 0; count < 100; count += 1) void limiter.acquire(new Priority('read'), signal);
  await clock.pass('10s');

  expect(isIn).toBe(true);
});

test('grants one second of tokens after the process was suspended', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 10_000, maxPerSecond: 50 });
  const { signal } = new AbortController();
  const burst = (): number =>
    Array.from({ length: 500 }, () => limiter.acquire(new Priority('read'), signal)).filter(
      (granted) => granted === undefined,
    ).length;
  const before = burst();

  await clock.pass('1m'); // whoever waited is in by now
  await clock.pass('24h');

  expect([before, burst()]).toEqual([50, 50]);
});
