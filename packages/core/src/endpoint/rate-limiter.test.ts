import { FakeClock } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Priority } from './priority.ts';
import { RateLimiter } from './rate-limiter.ts';
import { settled, unhandledRejections } from './rejections.fixture.ts';

function setup({ maxInFlight = 100, maxPerSecond = 100 }: { maxInFlight?: number; maxPerSecond?: number } = {}) {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight, maxPerSecond });
  const granted: string[] = [];
  const failed: string[] = [];
  const controller = new AbortController();
  const acquire = (name: string, priority = new Priority('read'), signal = controller.signal): void => {
    const grant = limiter.acquire(priority, signal);
    if (grant === undefined) granted.push(name);
    else
      grant.then(
        () => granted.push(name),
        (error: unknown) => failed.push(`${name}: ${String(error)}`),
      );
  };
  return { clock, limiter, granted, failed, acquire, controller };
}

test('grants up to `maxInFlight` requests, the next one on release', async () => {
  const { clock, limiter, granted, acquire } = setup({ maxInFlight: 2 });
  for (const name of ['a', 'b', 'c', 'd']) acquire(name);
  expect(granted).toEqual(['a', 'b']);
  expect(limiter.queued).toBe(2);

  limiter.release();
  await clock.pass(0);

  expect(granted).toEqual(['a', 'b', 'c']);
});

test('grants `maxPerSecond` requests, the next one with its token', async () => {
  const { clock, granted, acquire } = setup({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c', 'd']) acquire(name);
  expect(granted).toEqual(['a', 'b']);

  await clock.pass(499);
  expect(granted).toEqual(['a', 'b']);
  await clock.pass(1);
  expect(granted).toEqual(['a', 'b', 'c']);
  await clock.pass(500);

  expect(granted).toEqual(['a', 'b', 'c', 'd']);
  expect(clock.pendingTimers).toBe(0);
});

test('grants a read before earlier refreshes', async () => {
  const { clock, limiter, granted, acquire } = setup({ maxInFlight: 1 });
  acquire('first');
  acquire('refresh', new Priority('refresh'));
  acquire('reader');

  limiter.release();
  await clock.pass(0);

  expect(granted).toEqual(['first', 'reader']);
});

test('reserves a quarter of slots and tokens for foreground reads', () => {
  const slots = setup({ maxInFlight: 8 });
  const tokens = setup({ maxPerSecond: 8 });

  for (const { acquire } of [slots, tokens]) {
    for (let count = 0; count < 8; count += 1) acquire('refresh', new Priority('refresh'));
    acquire('reader');
  }

  expect(slots.granted).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
  expect(tokens.granted).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
});

test('grants refreshes with a single slot or token', async () => {
  const { clock, limiter, granted, acquire } = setup({ maxInFlight: 1, maxPerSecond: 1 });
  acquire('one', new Priority('refresh'));
  acquire('two', new Priority('refresh'));

  limiter.release();
  await clock.pass('1s');

  expect(granted).toEqual(['one', 'two']);
});

test('a new refresh does not overtake a waiting one', async () => {
  const { clock, granted, acquire } = setup({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c']) acquire(name, new Priority('refresh'));

  clock.freeze(500);
  acquire('d', new Priority('refresh'));
  await clock.pass(0);

  expect(granted).toEqual(['a', 'b', 'c']);
});

test('a promoted refresh overtakes other refreshes', async () => {
  const { clock, limiter, granted, acquire } = setup({ maxInFlight: 1 });
  const joined = new Priority('refresh');
  acquire('first');
  acquire('second', new Priority('refresh'));
  acquire('joined', joined);

  joined.raise('read');
  limiter.release();
  await clock.pass(0);

  expect(granted).toEqual(['first', 'joined']);
});

test('an aborted waiter leaves the queue with the reason of its signal', async () => {
  const { clock, limiter, failed, acquire } = setup({ maxInFlight: 1 });
  const controller = new AbortController();
  acquire('first');
  acquire('second', new Priority('read'), controller.signal);

  controller.abort(new Error('enough'));
  await clock.pass(0);

  expect(failed).toEqual(['second: Error: enough']);
  expect(limiter.queued).toBe(0);
});

test('rejects when the queue is full and names the options', async () => {
  const { clock, failed, acquire } = setup({ maxInFlight: 1 });
  for (let count = 0; count < 10_001; count += 1) acquire(String(count));

  acquire('late');
  await clock.pass(0);

  expect(failed).toEqual([expect.stringContaining('limits.concurrentRequests')]);
});

test('never exceeds `maxInFlight`, nor twice the rate in any second', async () => {
  const call = fc.record({ after: fc.nat(400), level: fc.constantFrom('read' as const, 'refresh' as const) });
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
        for (const { after, level } of calls) {
          await clock.pass(after);
          const grant = limiter.acquire(new Priority(level), new AbortController().signal);
          if (grant === undefined) onGrant();
          else void grant.then(onGrant);
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
  const granted = priorities.map((priority) => limiter.acquire(priority, closing.signal));
  const outcomes = Promise.allSettled(granted.filter((grant) => grant !== undefined));

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
    const grant = limiter.acquire(new Priority('refresh'), signal);
    const onGrant = (): void => {
      refreshed += 1;
      clock.setUnrefTimer(10, () => limiter.release());
    };
    if (grant === undefined) onGrant();
    else void grant.then(onGrant);
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
  let isGranted = false;
  for (let count = 0; count < 100; count += 1) void limiter.acquire(new Priority('read'), signal);
  void limiter.acquire(refresh, signal)?.then(() => (isGranted = true));

  refresh.raise('read');
  for (let count = 0; count < 100; count += 1) void limiter.acquire(new Priority('read'), signal);
  await clock.pass('10s');

  expect(isGranted).toBe(true);
});

test('grants one second of tokens after the process was suspended', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 10_000, maxPerSecond: 50 });
  const { signal } = new AbortController();
  const countGranted = (): number =>
    Array.from({ length: 500 }, () => limiter.acquire(new Priority('read'), signal)).filter(
      (grant) => grant === undefined,
    ).length;
  const before = countGranted();

  await clock.pass('1m'); // all waiters are granted
  await clock.pass('24h');

  expect([before, countGranted()]).toEqual([50, 50]);
});
