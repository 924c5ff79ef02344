import { FakeClock } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Priority } from './priority.ts';
import type { Standing } from './lanes.ts';
import { RateLimiter } from './rate-limiter.ts';
import type { RateLimiterParts } from './rate-limiter.ts';
import type { Permit } from './slots.ts';
import { settled, unhandledRejections } from './rejections.fixture.ts';

function setup({
  maxInFlight = 100,
  maxPerSecond = 100,
  startsLow,
}: Partial<Pick<RateLimiterParts, 'maxInFlight' | 'maxPerSecond' | 'startsLow'>> = {}) {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight, maxPerSecond, ...(startsLow && { startsLow }) });
  const granted: string[] = [];
  const failed: string[] = [];
  const controller = new AbortController();
  const permits: Permit[] = [];
  const acquire = (
    name: string,
    {
      priority = new Priority('read'),
      signal = controller.signal,
      standing,
    }: { readonly priority?: Priority; readonly signal?: AbortSignal; readonly standing?: Standing } = {},
  ): void => {
    const onGrant = (permit: Permit): void => {
      granted.push(name);
      permits.push(permit);
    };
    const grant = limiter.acquire({ name, priority, signal, ...(standing && { standing }) });
    if (grant instanceof Promise) grant.then(onGrant, (error: unknown) => failed.push(`${name}: ${String(error)}`));
    else onGrant(grant);
  };
  /** Ends the oldest request. */
  const release = (): void => permits.shift()?.release();
  return { clock, limiter, granted, failed, acquire, release, controller };
}

test('grants up to `maxInFlight` requests, the next one on release', async () => {
  const { clock, limiter, granted, acquire, release } = setup({ maxInFlight: 2 });
  for (const name of ['a', 'b', 'c', 'd']) acquire(name);
  expect(granted).toEqual(['a', 'b']);
  expect(limiter.queued).toBe(2);

  release();
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
  const { clock, granted, acquire, release } = setup({ maxInFlight: 1 });
  acquire('first');
  acquire('refresh', { priority: new Priority('refresh') });
  acquire('reader');

  release();
  await clock.pass(0);

  expect(granted).toEqual(['first', 'reader']);
});

test('reserves a quarter of slots and tokens for foreground reads', () => {
  const slots = setup({ maxInFlight: 8 });
  const tokens = setup({ maxPerSecond: 8 });

  for (const { acquire } of [slots, tokens]) {
    for (let count = 0; count < 8; count += 1) acquire('refresh', { priority: new Priority('refresh') });
    acquire('reader');
  }

  expect(slots.granted).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
  expect(tokens.granted).toEqual([...Array<string>(6).fill('refresh'), 'reader']);
});

test('grants refreshes with a single slot or token', async () => {
  const { clock, granted, acquire, release } = setup({ maxInFlight: 1, maxPerSecond: 1 });
  acquire('one', { priority: new Priority('refresh') });
  acquire('two', { priority: new Priority('refresh') });

  release();
  await clock.pass('1s');

  expect(granted).toEqual(['one', 'two']);
});

test('a new refresh does not overtake a waiting one', async () => {
  const { clock, granted, acquire } = setup({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c']) acquire(name, { priority: new Priority('refresh') });

  clock.freeze(500);
  acquire('d', { priority: new Priority('refresh') });
  await clock.pass(0);

  expect(granted).toEqual(['a', 'b', 'c']);
});

test('a promoted refresh overtakes other refreshes', async () => {
  const { clock, granted, acquire, release } = setup({ maxInFlight: 1 });
  const joined = new Priority('refresh');
  acquire('first');
  acquire('second', { priority: new Priority('refresh') });
  acquire('joined', { priority: joined });

  joined.raise('read');
  release();
  await clock.pass(0);

  expect(granted).toEqual(['first', 'joined']);
});

test('an aborted waiter leaves the queue with the reason of its signal', async () => {
  const { clock, limiter, failed, acquire } = setup({ maxInFlight: 1 });
  const controller = new AbortController();
  acquire('first');
  acquire('second', { signal: controller.signal });

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

  expect(failed).toEqual([expect.stringMatching(/^late: .*limits\.concurrentRequests/u)]);
});

test('new secrets take turns by name', async () => {
  const { clock, granted, acquire } = setup({ maxPerSecond: 1 });
  for (const name of ['users/1', 'users/2', 'users/3', 'users/4', 'db']) acquire(name);

  await clock.pass('2s');

  expect(granted).toEqual(['users/1', 'users/2', 'db']);
});

test.each<Standing>(['known', 'new'])('made-up names that fill the queue keep no %s secret out', async (standing) => {
  const { clock, limiter, granted, failed, acquire, release } = setup({ maxInFlight: 1 });
  for (let count = 0; count < 10_001; count += 1) acquire(`users/${count}`);

  acquire('db', { standing });
  expect(limiter.queued).toBe(10_000);
  release();
  await clock.pass(0);
  release();
  await clock.pass(0);

  expect(granted).toContain('db');
  expect(failed).toEqual([expect.stringMatching(/^users\/10000: .*limits\.concurrentRequests/u)]);
});

test('never exceeds `maxInFlight`, nor twice the rate in any second', async () => {
  const call = fc.record({
    after: fc.nat(400),
    level: fc.constantFrom('read' as const, 'refresh' as const),
    standing: fc.constantFrom<Standing>('known', 'new', 'slow'),
  });
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
        const onGrant = (permit: Permit): void => {
          moments.push(clock.now());
          inFlight += 1;
          expect(inFlight).toBeLessThanOrEqual(maxInFlight);
          clock.setUnrefTimer(150, () => {
            inFlight -= 1;
            permit.release();
          });
        };
        for (const { after, level, standing } of calls) {
          await clock.pass(after);
          const grant = limiter.acquire({
            priority: new Priority(level),
            signal: new AbortController().signal,
            standing,
          });
          if (grant instanceof Promise) void grant.then(onGrant);
          else onGrant(grant);
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
  const granted = priorities.map((priority) => limiter.acquire({ priority, signal: closing.signal }));
  const outcomes = Promise.allSettled(granted.filter((grant) => grant instanceof Promise));

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
    const grant = limiter.acquire({ priority: new Priority('refresh'), signal });
    const onGrant = (permit: Permit): void => {
      refreshed += 1;
      clock.setUnrefTimer(10, () => permit.release());
    };
    if (grant instanceof Promise) void grant.then(onGrant);
    else onGrant(grant);
  }
  const read = limiter.acquire({ priority: new Priority('read'), signal });
  expect(read).not.toBeInstanceOf(Promise);
  if (!(read instanceof Promise)) read.release();

  await clock.pass('30s');

  expect(limiter.acquire({ priority: new Priority('read'), signal })).not.toBeInstanceOf(Promise);
  expect(refreshed).toBeGreaterThan(30 * 225);
  expect(refreshed).toBeLessThanOrEqual(31 * 225);
});

test('grants a promoted refresh among endless reads', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 1_000, maxPerSecond: 10 });
  const { signal } = new AbortController();
  const refresh = new Priority('refresh');
  let isGranted = false;
  for (let count = 0; count < 100; count += 1) void limiter.acquire({ priority: new Priority('read'), signal });
  void Promise.resolve(limiter.acquire({ priority: refresh, signal })).then(() => (isGranted = true));

  refresh.raise('read');
  for (let count = 0; count < 100; count += 1) void limiter.acquire({ priority: new Priority('read'), signal });
  await clock.pass('10s');

  expect(isGranted).toBe(true);
});

test('grants one second of tokens after the process was suspended', async () => {
  const clock = new FakeClock();
  const limiter = new RateLimiter({ clock, maxInFlight: 10_000, maxPerSecond: 50 });
  const { signal } = new AbortController();
  const countGranted = (): number =>
    Array.from({ length: 500 }, () => limiter.acquire({ priority: new Priority('read'), signal })).filter(
      (grant) => !(grant instanceof Promise),
    ).length;
  const before = countGranted();

  await clock.pass('1m'); // all waiters are granted
  await clock.pass('24h');

  expect([before, countGranted()]).toEqual([50, 50]);
});

/** Grants a burst of requests that hang. */
function setUpBurst(names: number) {
  const fixture = setup({ maxInFlight: 256, maxPerSecond: 1_000 });
  for (let count = 0; count < names; count += 1) fixture.acquire(`hanging-${count}`);
  return fixture;
}

test('grants another secret within a second after 192 that hang', async () => {
  const { clock, granted, acquire } = setUpBurst(192);
  expect(granted).toHaveLength(64);

  await clock.pass(200);
  acquire('db');
  await clock.pass(800);

  expect(granted).toContain('db');
});

test('grants a known secret although hundreds of new ones hang', async () => {
  const { clock, granted, acquire } = setUpBurst(1_000);
  await clock.pass('2s');

  acquire('db', { standing: 'known' });
  await clock.pass(250);

  expect(granted).toHaveLength(225);
  expect(granted.at(-1)).toBe('db');
});

test('secrets without a response take at most half of the slots', async () => {
  const { clock, granted, acquire } = setup({ maxInFlight: 256, maxPerSecond: 1_000 });
  for (let count = 0; count < 500; count += 1) acquire(`slow-${count}`, { standing: 'slow' });
  await clock.pass('2s');
  expect(granted).toHaveLength(128);

  acquire('db');
  await clock.pass(0);

  expect(granted.at(-1)).toBe('db');
});

test('grants a known secret before new ones that wait', async () => {
  const { clock, granted, acquire } = setup({ maxPerSecond: 2 });
  for (const name of ['a', 'b', 'c', 'd']) acquire(name);

  acquire('known', { standing: 'known' });
  await clock.pass(500);

  expect(granted).toEqual(['a', 'b', 'known']);
});

test('new secrets leave refreshes a quarter of the rate', async () => {
  const { clock, granted, acquire } = setup({ maxInFlight: 10_000, maxPerSecond: 40 });
  for (let count = 0; count < 1_000; count += 1) acquire('new');
  for (let count = 0; count < 1_000; count += 1) acquire('refresh', { priority: new Priority('refresh') });

  await clock.pass('10s');

  expect(granted.filter((name) => name === 'refresh')).toHaveLength(100);
});

test('known secrets leave the other lanes a share', async () => {
  const { clock, granted, acquire } = setup({ maxInFlight: 10_000, maxPerSecond: 40 });
  for (let count = 0; count < 1_000; count += 1) acquire('known', { standing: 'known' });
  for (const standing of ['new', 'slow'] as const) {
    for (let count = 0; count < 1_000; count += 1) acquire(standing, { standing });
  }

  await clock.pass('10s');

  for (const name of ['new', 'slow']) expect(granted.filter((other) => other === name).length).toBeGreaterThan(50);
});

test('a request that is not part of a batch needs a token of its own', () => {
  const limiter = new RateLimiter({ clock: new FakeClock(), maxInFlight: 10, maxPerSecond: 3, batchSize: () => 20 });
  const { signal } = new AbortController();
  const isGranted = (isAlone: boolean): boolean =>
    !(limiter.acquire({ priority: new Priority('read'), signal, isAlone }) instanceof Promise);

  // One token for a batch of two, then one for each request.
  expect([false, false, true, true, true].map((isAlone) => isGranted(isAlone))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
});

test('a request that is not part of a batch opens none', () => {
  const limiter = new RateLimiter({ clock: new FakeClock(), maxInFlight: 10, maxPerSecond: 1, batchSize: () => 20 });
  const { signal } = new AbortController();
  const priority = new Priority('read');

  expect(limiter.acquire({ priority, signal, isAlone: true })).not.toBeInstanceOf(Promise);
  expect(limiter.acquire({ priority, signal })).toBeInstanceOf(Promise);
});

test('a low start has one open request, and two after five successes', async () => {
  const { clock, limiter, granted, acquire, release } = setup({ startsLow: () => true });
  for (let count = 0; count < 10; count += 1) acquire('db');
  expect(granted).toHaveLength(1);

  for (let count = 0; count < 5; count += 1) {
    limiter.responded();
    release();
    await clock.pass(0);
  }

  expect(granted).toHaveLength(5 + 2);
});

test('a request that hangs holds up a low start for a second', async () => {
  const { clock, granted, acquire } = setup({ startsLow: () => true });
  for (const name of ['a', 'b', 'c']) acquire(name);

  await clock.pass(999);
  expect(granted).toEqual(['a']);
  await clock.pass(1);

  expect(granted).toEqual(['a', 'b']);
});

test('a low start ends with the preload', () => {
  let isPreloading = true;
  const { granted, acquire } = setup({ startsLow: () => isPreloading });
  acquire('preloaded');

  isPreloading = false;
  for (let count = 0; count < 10; count += 1) acquire('read');

  expect(granted).toHaveLength(11);
});

test('after a throttled response to a low start, the rate limits the requests', async () => {
  const { clock, limiter, granted, acquire, release } = setup({ startsLow: () => true });
  for (let count = 0; count < 10; count += 1) acquire('db');

  limiter.throttled(clock.now());
  release();
  await clock.pass(400);
  expect(granted).toHaveLength(1);
  await clock.pass('3s');

  // 1.4 requests per second at the end of the first second, and so on.
  expect(granted.length).toBeGreaterThan(3);
  expect(granted.length).toBeLessThan(7);
});

test('names the low start as the limit', () => {
  const { limiter, acquire } = setup({ startsLow: () => true });
  acquire('db');

  expect(limiter.limitFor({ priority: new Priority('read') })).toBe(
    'concurrent requests at the start of a preload, 1 in flight',
  );
});
