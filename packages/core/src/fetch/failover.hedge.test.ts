import { FakeClock } from '@kms-secrets/testing';
import type { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { FailureName } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import { Hedging } from '../endpoint/hedge.ts';
import { settled, unhandledRejections } from '../endpoint/rejections.fixture.ts';
import {
  FailoverFixture,
  failingTransport,
  HangingTransport,
  outcomeKind,
  transportWithSecret,
} from './failover.fixture.ts';

/** A primary that responds after `ms`, and a fallback that responds at once. */
function slowPrimary(
  ms: number,
  options: ConstructorParameters<typeof FailoverFixture>[1] = {},
): { readonly fixture: FailoverFixture; readonly primary: FakeTransport; readonly fallback: FakeTransport } {
  const primary = transportWithSecret('a');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback], { hedge: 100, ...options });
  primary.delayResponses(ms, fixture.clock);
  return { fixture, primary, fallback };
}

test('hedges a slow request and cancels it when the hedge wins', async () => {
  const { fixture, primary, fallback } = slowPrimary(3_000);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(99);
  expect(fallback.requests.length).toBe(0);
  await fixture.clock.pass(1);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(primary.cancelled).toBe(1);
  expect(fixture.endpoints.map((endpoint) => endpoint.status())).toMatchObject([
    { endpoint: 'a', failures: 0, state: 'unknown' },
    { endpoint: 'b', failures: 0, hedges: 1, hedgesWon: 1 },
  ]);
  expect(fixture.clock.pendingTimers).toBe(0);
});

test('the slow endpoint wins if it responds before its hedge', async () => {
  const { fixture, fallback } = slowPrimary(150);
  fallback.delayResponses(3_000, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(150);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(fallback.cancelled).toBe(1);
  expect(fixture.endpoints[1]?.status()).toMatchObject({ hedges: 1, hedgesWon: 0, failures: 0, breaker: 'closed' });
});

test('a failover does not count as a hedge', async () => {
  const fixture = new FailoverFixture([failingTransport('a', 'unreachable'), transportWithSecret('b')], { hedge: 100 });

  expect(await outcomeKind(fixture.fetch().outcome)).toBe('secret');
  expect(fixture.endpoints[1]?.status().hedges).toBe(0);
});

test('hedges after the p95 of the endpoint', async () => {
  const { fixture, primary, fallback } = slowPrimary(200, { hedge: 'measured' });
  await fixture.fetchSequentially(20, 200);
  primary.delayResponses(3_000, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(199);
  expect(fallback.requests.length).toBe(0);
  await fixture.clock.pass(1);

  expect(await outcomeKind(outcome)).toBe('secret');
});

test('hedges a fast endpoint after 50 ms, one without samples after 500 ms', async () => {
  const unsampled = slowPrimary(3_000, { hedge: 'measured' });
  const sampled = slowPrimary(1, { hedge: 'measured' });
  await sampled.fixture.fetchSequentially(20, 1);
  sampled.primary.delayResponses(3_000, sampled.fixture.clock);
  const delays: number[] = [];
  for (const { fixture, fallback } of [unsampled, sampled]) {
    fixture.fetch();
    let ms = 0;
    for (; fallback.requests.length === 0; ms += 1) await fixture.clock.pass(1);
    delays.push(ms);
  }

  expect(delays).toEqual([500, 50]);
  expect(unsampled.primary.requests.length).toBe(1);
});

test('hedges after twice the slowest of a few samples', async () => {
  const { fixture, primary, fallback } = slowPrimary(40, { hedge: 'measured' });
  await fixture.fetchSequentially(1, 40);
  primary.delayResponses(60, fixture.clock);
  await fixture.fetchSequentially(1, 60);
  primary.delayResponses(3_000, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(119);
  expect(fallback.requests.length).toBe(0);
  await fixture.clock.pass(1);

  expect(await outcomeKind(outcome)).toBe('secret');
});

test('the delay is at most 500 ms with few samples, 1 s with enough', () => {
  const parts = { clock: new FakeClock(), delay: undefined, share: 0.1, breakerFailures: 5, attemptTimeout: 4_000 };

  expect(new Hedging(parts).delayFor({ p95: undefined, estimate: 3_000 })).toBe(500);
  expect(new Hedging(parts).delayFor({ p95: 3_000, estimate: 3_000 })).toBe(1_000);
});

test('the delay is at most half of `attemptTimeout`', () => {
  const parts = { clock: new FakeClock(), delay: undefined, share: 0.1, breakerFailures: 5 };

  expect(new Hedging({ ...parts, attemptTimeout: 400 }).delayFor({ p95: undefined, estimate: undefined })).toBe(200);
  expect(new Hedging({ ...parts, attemptTimeout: 40 }).delayFor({ p95: 1, estimate: 2 })).toBe(20);
});

test('the budget allows as many hedges as open a breaker', () => {
  const parts = { clock: new FakeClock(), delay: 100, share: 0.1, attemptTimeout: 4_000 };
  const hedging = new Hedging({ ...parts, breakerFailures: 25 });

  expect(Array.from({ length: 26 }, () => hedging.tryWithdraw()).filter((isAllowed) => isAllowed)).toHaveLength(25);
});

test('does not hedge a background refresh until a reader joins it', async () => {
  const { fixture, fallback } = slowPrimary(3_000);
  const { outcome, priority } = fixture.fetch('db', 'refresh');
  await fixture.clock.pass(1_000);
  expect(fallback.requests.length).toBe(0);

  priority.raise('read');

  expect(await outcomeKind(outcome)).toBe('secret');
});

test.each<FailureName>(['notFound', 'disabled', 'denied', 'rejected'])(
  '"%s" from a hedge does not win over a slow primary',
  async (failure) => {
    const primary = transportWithSecret('a');
    const fallback = failingTransport('b', failure);
    const fixture = new FailoverFixture([primary, fallback], { hedge: 100 });
    primary.delayResponses(2_000, fixture.clock);
    const { outcome } = fixture.fetch();

    await fixture.clock.pass(2_000);

    expect(fallback.requests.length).toBe(1);
    expect(await outcomeKind(outcome)).toBe('secret');
  },
);

test('"denied" from a hedge is the result once the slow primary has failed', async () => {
  const primary = failingTransport('a', 'unavailable');
  const fallback = failingTransport('b', 'denied');
  const fixture = new FailoverFixture([primary, fallback], { hedge: 100 });
  primary.delayResponses(2_000, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(2_000);

  expect(await outcomeKind(outcome)).toBe('denied');
});

test('does not fail over after "denied" from a hedge', async () => {
  const primary = transportWithSecret('a');
  const fallback = failingTransport('b', 'denied');
  const last = transportWithSecret('c');
  const fixture = new FailoverFixture([primary, fallback, last], { hedge: 100 });
  primary.delayResponses(2_000, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(2_000);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(last.requests.length).toBe(0);
});

test('a final failure of the primary cancels the hedge', async () => {
  const primary = failingTransport('a', 'notFound');
  const fallback = failingTransport('b', 'hang');
  const fixture = new FailoverFixture([primary, fallback], { hedge: 100 });
  primary.delayResponses(200, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(200);

  expect(await outcomeKind(outcome)).toBe('notFound');
  expect(fallback.cancelled).toBe(1);
});

test('hedges a slow hedge', async () => {
  const transports = [failingTransport('a', 'hang'), failingTransport('b', 'hang'), transportWithSecret('c')];
  const fixture = new FailoverFixture(transports, { hedge: 100 });
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(200);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(transports.map(({ cancelled }) => cancelled)).toEqual([1, 1, 0]);
});

test('hedges stay within their share of the fetches', async () => {
  // The primary never loses five hedges in a row, so its breaker stays closed.
  const { fixture, fallback } = slowPrimary(150, { share: 0.1 });
  fallback.delayResponses(1_000, fixture.clock);

  await fixture.fetchSequentially(200, 150);

  expect(fallback.requests.length).toBeGreaterThan(20);
  expect(fallback.requests.length).toBeLessThanOrEqual(10 + 0.1 * 200);
});

test('five lost hedges in a row open the breaker', async () => {
  const { fixture, primary, fallback } = slowPrimary(3_000);
  await fixture.fetchSequentially(5, 100);
  const { outcome } = fixture.fetch();

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(primary.requests.length).toBe(5);
  expect(fallback.requests.length).toBe(6);
  expect(fixture.endpoints[0]?.status()).toMatchObject({ breaker: 'open', failures: 0 });
});

test('waiting fetches fail over without a hedge when the breaker opens', async () => {
  const { fixture } = slowPrimary(3_000, { share: 0.001, maxInFlight: 1_000 });
  const fetches = Array.from({ length: 100 }, () => fixture.fetch());

  await fixture.clock.pass(100);
  const outcomes = await Promise.all(fetches.map(({ outcome }) => outcomeKind(outcome)));

  expect(new Set(outcomes)).toEqual(new Set(['secret']));
  expect(fixture.endpoints[1]?.status().hedges).toBeLessThanOrEqual(10);
});

test('the wait for the rate limiter does not count as slow', async () => {
  const { fixture } = slowPrimary(3_000, { maxInFlight: 1 });
  const fetches = Array.from({ length: 8 }, () => fixture.fetch());

  await fixture.clock.pass(100);
  const outcomes = await Promise.all(fetches.map(({ outcome }) => outcomeKind(outcome)));

  expect(new Set(outcomes)).toEqual(new Set(['secret']));
  expect(fixture.endpoints[0]?.status().breaker).toBe('closed');
});

test('does not hedge to a throttling endpoint', async () => {
  const { fixture, fallback } = slowPrimary(500);
  fallback.fail('throttled');
  fixture.endpoints[1]?.cooldown.start(new FetchFailure('throttled', 'slow down'));
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(500);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(fallback.requests.length).toBe(0);
});

test('a transport that ignores its signal can lose a hedge', async () => {
  const fixture = new FailoverFixture([new HangingTransport('a'), transportWithSecret('b')], { hedge: 100 });
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(100);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(fixture.clock.pendingTimers).toBe(0);
});

test('does not hedge to an endpoint whose breaker has opened', async () => {
  const slow = failingTransport('a', 'hang');
  const dead = failingTransport('b', 'unreachable');
  const healthy = transportWithSecret('c');
  const fixture = new FailoverFixture([slow, dead, healthy], { hedge: 100 });
  const { outcome } = fixture.fetch();
  for (let count = 0; count < 5; count += 1) fixture.endpoints[1]?.breaker.failed();

  await fixture.clock.pass(100);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect([dead.requests.length, healthy.requests.length]).toEqual([0, 1]);
});

test('a hedge leaves the order of the other candidates', async () => {
  const [dead, failing, last] = ['b', 'c', 'd'].map((name) => failingTransport(name, 'unreachable'));
  const transports = [failingTransport('a', 'hang'), dead, failing, last].filter((one) => one !== undefined);
  const fixture = new FailoverFixture(transports, { hedge: 100, maxAttempts: 1 });
  const { attempts, controller } = fixture.fetch();
  for (let count = 0; count < 5; count += 1) fixture.endpoints[1]?.breaker.failed();

  await fixture.clock.pass(100);

  expect(attempts.map(({ endpoint }) => endpoint)).toEqual(['c', 'b', 'd']);
  controller.abort();
});

test('waits for the slow endpoint if no other one is healthy', async () => {
  const slow = transportWithSecret('a');
  const dead = failingTransport('b', 'unreachable');
  const fixture = new FailoverFixture([slow, dead], { hedge: 100 });
  slow.delayResponses(1_000, fixture.clock);
  const { outcome } = fixture.fetch();
  for (let count = 0; count < 5; count += 1) fixture.endpoints[1]?.breaker.failed();

  await fixture.clock.pass(1_000);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(dead.requests.length).toBe(0);
  expect(fixture.endpoints[1]?.status().hedges).toBe(0);
});

test('handles simultaneous responses of the slow endpoint and its hedge', async () => {
  const primary = transportWithSecret('a');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback], { hedge: 100 });
  primary.delayResponses(200, fixture.clock);
  fallback.delayResponses(100, fixture.clock);

  for (let count = 0; count < 20; count += 1) {
    const { outcome } = fixture.fetch();
    await fixture.clock.pass(200);
    expect(await outcomeKind(outcome)).toBe('secret');
  }

  expect(fixture.clock.pendingTimers).toBe(0);
  expect(fixture.endpoints.map((endpoint) => endpoint.status())).toMatchObject([{ inFlight: 0 }, { inFlight: 0 }]);
});

test('a slow failure after a failed hedge leaves no timer or rejection', async () => {
  const unhandled = unhandledRejections();
  const primary = failingTransport('a', 'unavailable');
  const fallback = failingTransport('b', 'notFound');
  const fixture = new FailoverFixture([primary, fallback], { hedge: 100, maxAttempts: 1 });
  primary.delayResponses(2_000, fixture.clock);
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(2_000);
  await settled();

  expect(await outcomeKind(outcome)).toBe('unavailable');
  expect([fixture.clock.pendingTimers, unhandled]).toEqual([0, []]);
});
