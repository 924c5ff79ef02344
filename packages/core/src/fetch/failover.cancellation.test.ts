import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Priority } from '../endpoint/priority.ts';
import { settled } from '../endpoint/rejections.fixture.ts';
import { FailoverFixture, HangingTransport, outcomeKind, transportWithSecret } from './failover.fixture.ts';

test('a transport that ignores its signal holds no slot, timer or reader', async () => {
  const fixture = new FailoverFixture([new HangingTransport('a')], { maxAttempts: 2, maxInFlight: 3 });
  const [endpoint] = fixture.endpoints;
  const fetches = Array.from({ length: 9 }, () => fixture.fetch());

  await fixture.clock.pass('1m');

  expect(new Set(await Promise.all(fetches.map(({ outcome }) => outcomeKind(outcome))))).toEqual(
    new Set(['unreachable']),
  );
  expect([endpoint?.rateLimiter.queued, fixture.clock.pendingTimers]).toEqual([0, 0]);
  const full = Array.from({ length: 3 }, () =>
    endpoint?.rateLimiter.acquire({ priority: new Priority('read'), signal: fixture.closing.signal }),
  );
  expect(full.some((granted) => granted instanceof Promise)).toBe(false);
});

test('sends no request if cancelled while the rate limiter grants it', async () => {
  // The slot of the first fetch goes to the second one some microtasks later; the second is cancelled after any number of them.
  for (let microtasks = 0; microtasks < 12; microtasks += 1) {
    const transport = new HangingTransport('a');
    const fixture = new FailoverFixture([transport], { maxInFlight: 1 });
    const first = fixture.fetch();
    const second = fixture.fetch();
    let startedAfterAbort = 0;
    second.controller.signal.addEventListener('abort', () => (startedAfterAbort = -transport.started));

    first.controller.abort(new Error('no longer'));
    for (let count = 0; count < microtasks; count += 1) await Promise.resolve();
    second.controller.abort(new Error('no longer'));
    await settled();

    startedAfterAbort += transport.started;
    expect([microtasks, startedAfterAbort]).toEqual([microtasks, 0]);
    expect([await outcomeKind(first.outcome), await outcomeKind(second.outcome)]).toEqual(['aborted', 'aborted']);
    expect(
      fixture.endpoints[0]?.rateLimiter.acquire({ priority: new Priority('read'), signal: fixture.closing.signal }),
    ).not.toBeInstanceOf(Promise);
  }
});

test('releases every slot and empties the queue, whatever readers do', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ abortsAfter: fc.nat(300), isRefresh: fc.boolean() }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 200 }),
      async (readers, maxInFlight, latency) => {
        const slow = transportWithSecret('a');
        const fallback = transportWithSecret('b');
        const fixture = new FailoverFixture([slow, fallback], { maxInFlight, hedge: 20, maxAttempts: 1 });
        slow.delayResponses(latency, fixture.clock);
        fallback.delayResponses(latency / 2, fixture.clock);
        const fetches = readers.map(({ abortsAfter, isRefresh }) => {
          const fetch = fixture.fetch('db', isRefresh ? 'refresh' : 'read');
          fixture.clock.setUnrefTimer(abortsAfter, () => fetch.controller.abort(new Error('aborted')));
          return fetch;
        });

        await fixture.clock.pass('1m');
        await Promise.all(fetches.map(({ outcome }) => outcome));

        expect(fixture.clock.pendingTimers).toBe(0);
        for (const { rateLimiter } of fixture.endpoints) {
          expect(rateLimiter.queued).toBe(0);
          const slots = Array.from({ length: maxInFlight }, () =>
            rateLimiter.acquire({ priority: new Priority('read'), signal: fixture.closing.signal }),
          );
          expect(slots.some((granted) => granted instanceof Promise)).toBe(false);
        }
      },
    ),
    { numRuns: 60 },
  );
});
