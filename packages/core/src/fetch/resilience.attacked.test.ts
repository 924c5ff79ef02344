import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { RateLimiter } from '../endpoint/rate-limiter.ts';
import { EndpointOrder } from '../endpoint/endpoint-order.ts';
import {
  createEndpoint,
  failingTransport,
  transportWithSecret,
  outcomeKind,
  FailoverFixture,
} from './endpoint.fixture.ts';
import { Cooldown } from '../endpoint/cooldown.ts';
import { Priority } from '../endpoint/priority.ts';

/** One that does not care whether anybody still wants its answer: what is asked of it stays under way. */
class DeafTransport extends FakeTransport {
  asked = 0;

  override fetch(): Promise<never> {
    this.asked += 1;
    return new Promise(() => {});
  }
}

/** Nothing that a promise rejects with goes unheard, from here to the end of the test. */
function hearsRejections(): unknown[] {
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  process.on('unhandledRejection', hear);
  onTestFinished(() => void process.off('unhandledRejection', hear));
  return unheard;
}

/** An endpoint that was left alone, and hangs now that it is time to see how it is; beside it one that answers. */
async function hangingWithProbeDue(): Promise<{ readonly stage: FailoverFixture; readonly down: FakeTransport }> {
  const down = failingTransport('a', 'unreachable');
  const stage = new FailoverFixture([down, transportWithSecret('b')], { hedge: 100 });
  await stage.fetchSequentially(5);
  down.fail('hang');
  await stage.clock.pass('1s');
  return { stage, down };
}

const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a transport that ignores its signal holds no place, no timer and no reader', async () => {
  const stage = new FailoverFixture([new DeafTransport('a')], { maxAttempts: 2, maxInFlight: 3 });
  const [endpoint] = stage.endpoints;
  const crowd = Array.from({ length: 9 }, () => stage.fetch());

  await stage.clock.pass('1m');

  expect(new Set(await Promise.all(crowd.map(({ outcome }) => outcomeKind(outcome))))).toEqual(
    new Set(['unreachable']),
  );
  expect([endpoint?.rateLimiter.queued, stage.clock.pending]).toEqual([0, 0]);
  const full = Array.from({ length: 3 }, () =>
    endpoint?.rateLimiter.acquire(new Priority('read'), stage.closing.signal),
  );
  expect(full).toEqual([undefined, undefined, undefined]);
});

test('a transport that ignores its signal loses a hedge as any other does', async () => {
  const stage = new FailoverFixture([new DeafTransport('a'), transportWithSecret('b')], { hedge: 100 });
  const { outcome } = stage.fetch();

  await stage.clock.pass(100);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(stage.clock.pending).toBe(0);
});

test('who is called off at the very moment of its turn asks nothing', async () => {
  // The place of the first goes to the second some microtasks later, and the second leaves after any number of them.
  for (let microtasks = 0; microtasks < 12; microtasks += 1) {
    const deaf = new DeafTransport('a');
    const stage = new FailoverFixture([deaf], { maxInFlight: 1 });
    const [first, second] = [stage.fetch(), stage.fetch()];
    let askedAfter = 0;
    second.controller.signal.addEventListener('abort', () => (askedAfter = -deaf.asked));

    first.controller.abort(new Error('no longer'));
    for (let count = 0; count < microtasks; count += 1) await Promise.resolve();
    second.controller.abort(new Error('no longer'));
    await turns();

    askedAfter += deaf.asked;
    expect([microtasks, askedAfter]).toEqual([microtasks, 0]);
    expect([await outcomeKind(first.outcome), await outcomeKind(second.outcome)]).toEqual(['aborted', 'aborted']);
    expect(stage.endpoints[0]?.rateLimiter.acquire(new Priority('read'), stage.closing.signal)).toBeUndefined();
  }
});

test('whatever readers do, every place is given back and nobody is left in the queue', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ leavesAfter: fc.nat(300), isRefresh: fc.boolean() }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 200 }),
      async (readers, maxInFlight, answerAfter) => {
        const [slow, standby] = [transportWithSecret('a'), transportWithSecret('b')];
        const stage = new FailoverFixture([slow, standby], { maxInFlight, hedge: 20, maxAttempts: 1 });
        slow.answerAfter(answerAfter, stage.clock);
        standby.answerAfter(answerAfter / 2, stage.clock);
        const fetches = readers.map(({ leavesAfter, isRefresh }) => {
          const fetch = stage.fetch('db', isRefresh ? 'refresh' : 'read');
          stage.clock.setUnrefTimer(leavesAfter, () => fetch.controller.abort(new Error('left')));
          return fetch;
        });

        await stage.clock.pass('1m');
        await Promise.all(fetches.map(({ outcome }) => outcome));

        expect(stage.clock.pending).toBe(0);
        for (const { rateLimiter } of stage.endpoints) {
          expect(rateLimiter.queued).toBe(0);
          const places = Array.from({ length: maxInFlight }, () =>
            rateLimiter.acquire(new Priority('read'), stage.closing.signal),
          );
          expect(places.every((turn) => turn === undefined)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a closed client leaves nobody in the queue, no timer, and no rejection that nobody hears', async () => {
  const unheard = hearsRejections();
  const clock = new FakeClock();
  const admission = new RateLimiter({ clock, maxInFlight: 10, maxPerSecond: 5 });
  const closing = new AbortController();
  const urgencies = Array.from({ length: 1_000 }, (_, index) => new Priority(index % 2 === 0 ? 'read' : 'refresh'));
  const entered = urgencies.map((urgency) => admission.acquire(urgency, closing.signal));
  const outcomes = Promise.allSettled(entered.filter((turn) => turn !== undefined));

  closing.abort(new Error('closed'));
  const reasons = (await outcomes).map(({ status }) => status);
  await turns();

  expect(reasons.every((status) => status === 'rejected')).toBe(true);
  expect([admission.queued, clock.pending, unheard]).toEqual([0, 0, []]);
});

test('ten thousand refreshes that come due at once keep a reader waiting for none of them', async () => {
  const clock = new FakeClock();
  const admission = new RateLimiter({ clock, maxInFlight: 64, maxPerSecond: 225 });
  const { signal } = new AbortController();
  let refreshed = 0;
  for (let count = 0; count < 10_000; count += 1) {
    const turn = admission.acquire(new Priority('refresh'), signal);
    const act = (): void => {
      refreshed += 1;
      clock.setUnrefTimer(10, () => admission.release());
    };
    if (turn === undefined) act();
    else void turn.then(act);
  }
  expect(admission.acquire(new Priority('read'), signal)).toBeUndefined();
  admission.release();

  await clock.pass('30s');

  expect(admission.acquire(new Priority('read'), signal)).toBeUndefined();
  expect(refreshed).toBeGreaterThan(30 * 225);
  expect(refreshed).toBeLessThanOrEqual(31 * 225);
});

test('readers without end let a refresh that one of them joins go with them', async () => {
  const clock = new FakeClock();
  const admission = new RateLimiter({ clock, maxInFlight: 1_000, maxPerSecond: 10 });
  const { signal } = new AbortController();
  const refresh = new Priority('refresh');
  let isIn = false;
  for (let count = 0; count < 100; count += 1) void admission.acquire(new Priority('read'), signal);
  void admission.acquire(refresh, signal)?.then(() => (isIn = true));

  refresh.raise('read');
  for (let count = 0; count < 100; count += 1) void admission.acquire(new Priority('read'), signal);
  await clock.pass('10s');

  expect(isIn).toBe(true);
});

test('after a time in which the process was frozen, no more than a second brings is let in at once', async () => {
  const clock = new FakeClock();
  const admission = new RateLimiter({ clock, maxInFlight: 10_000, maxPerSecond: 50 });
  const { signal } = new AbortController();
  const burst = (): number =>
    Array.from({ length: 500 }, () => admission.acquire(new Priority('read'), signal)).filter(
      (turn) => turn === undefined,
    ).length;
  const before = burst();

  await clock.pass('1m'); // whoever waited is in by now
  await clock.pass('24h');

  expect([before, burst()]).toEqual([50, 50]);
});

test('no hedge goes to an endpoint whose breaker has opened since it was next', async () => {
  const [slow, dead, healthy] = [
    failingTransport('a', 'hang'),
    failingTransport('b', 'unreachable'),
    transportWithSecret('c'),
  ];
  const stage = new FailoverFixture([slow, dead, healthy], { hedge: 100 });
  const { outcome } = stage.fetch();
  for (let count = 0; count < 5; count += 1) stage.endpoints[1]?.breaker.failed();

  await stage.clock.pass(100);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect([dead.requests.length, healthy.requests.length]).toEqual([0, 1]);
});

test('with nobody healthy to ask any more, the slow one is waited for', async () => {
  const [slow, dead] = [transportWithSecret('a'), failingTransport('b', 'unreachable')];
  const stage = new FailoverFixture([slow, dead], { hedge: 100 });
  slow.answerAfter(1_000, stage.clock);
  const { outcome } = stage.fetch();
  for (let count = 0; count < 5; count += 1) stage.endpoints[1]?.breaker.failed();

  await stage.clock.pass(1_000);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(dead.requests.length).toBe(0);
  expect(stage.endpoints[1]?.status().hedges).toBe(0);
});

test('of a crowd that comes when a probe is due, one makes it', async () => {
  const { stage, down } = await hangingWithProbeDue();
  const before = down.requests.length;

  const crowd = Array.from({ length: 200 }, () => stage.fetch());
  await Promise.all(crowd.map(({ outcome }) => outcome));

  expect(down.requests.length - before).toBe(1);
  expect(stage.endpoints[0]?.status()).toMatchObject({ breaker: 'half-open', probes: 1 });
});

test('a probe that hangs is over at the timeout of a try, and the next one is waited for longer', async () => {
  const { stage } = await hangingWithProbeDue();
  await stage.fetchSequentially(1);

  await stage.clock.pass('4s');

  const { breaker, probeIn = 0, inFlight } = stage.endpoints[0]?.status() ?? {};
  expect({ breaker, inFlight }).toEqual({ breaker: 'open', inFlight: 0 });
  expect(probeIn).toBeGreaterThanOrEqual(1_000);
});

test('a probe that is under way when the client is closed ends, unheard by nobody', async () => {
  const unheard = hearsRejections();
  const { stage } = await hangingWithProbeDue();
  await stage.fetchSequentially(1);

  stage.closing.abort(new Error('closed'));
  await turns();

  expect(stage.endpoints[0]?.status()).toMatchObject({ inFlight: 0, breaker: 'open' });
  expect([stage.clock.pending, unheard]).toEqual([0, []]);
});

test('a probe that was called off lets another be made', async () => {
  const stage = new FailoverFixture([failingTransport('a', 'unreachable')], { maxAttempts: 1 });
  await stage.fetchSequentially(5);
  await stage.clock.pass('1s');
  stage.endpoints[0]?.startProbe();
  stage.endpoints[0]?.breaker.abandonProbe();

  expect(stage.endpoints[0]?.breaker.isProbeDue).toBe(true);
});

test('answers that come together, the slow one and its hedge, are one answer, and nobody is left', async () => {
  const [first, standby] = [transportWithSecret('a'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby], { hedge: 100 });
  first.answerAfter(200, stage.clock);
  standby.answerAfter(100, stage.clock);

  for (let count = 0; count < 20; count += 1) {
    const { outcome } = stage.fetch();
    await stage.clock.pass(200);
    expect(await outcomeKind(outcome)).toBe('secret');
  }

  expect(stage.clock.pending).toBe(0);
  expect(stage.endpoints.map((endpoint) => endpoint.status())).toMatchObject([{ inFlight: 0 }, { inFlight: 0 }]);
});

test('a slow one that fails after its hedge was refused leaves no attempt, timer or rejection behind', async () => {
  const unheard = hearsRejections();
  const [first, standby] = [failingTransport('a', 'unavailable'), failingTransport('b', 'notFound')];
  const stage = new FailoverFixture([first, standby], { hedge: 100, maxAttempts: 1 });
  first.answerAfter(2_000, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(2_000);
  await turns();

  expect(await outcomeKind(outcome)).toBe('unavailable');
  expect([stage.clock.pending, unheard]).toEqual([0, []]);
});

test.each([Number.POSITIVE_INFINITY, Number.NaN, -5, 10 ** 15])(
  'an endpoint that asks to be spared for %d ms is back within a minute',
  async (retryAfter) => {
    const clock = new FakeClock();
    const rest = new Cooldown(clock);

    rest.start(new FetchFailure('throttled', 'slow down', { retryAfter }));
    await clock.pass('1m');

    expect([rest.retryAfter, rest.remaining]).toEqual([0, 0]);
  },
);

test('a connection that is measured by a transport that never answers is given up', async () => {
  const clock = new FakeClock();
  const deaf = Object.assign(new FakeTransport('a'), { connectTime: () => new Promise<number>(() => {}) });
  const near = Object.assign(new FakeTransport('b'), { connectTime: async () => 1 });
  const endpoints = [createEndpoint(deaf, clock), createEndpoint(near, clock)];
  const order = new EndpointOrder({
    endpoints,
    clock,
    order: 'measured',
    connectTimeout: 2_000,
    closing: new AbortController().signal,
  });
  expect(order.current[0]?.name).toBe('a');

  await clock.pass('2s');

  expect(order.current[0]?.name).toBe('b');
  expect(clock.pending).toBe(0);
});
