import type { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { settled, unhandledRejections } from '../endpoint/rejections.fixture.ts';
import { FailoverFixture, failingTransport, outcomeKind, transportWithSecret } from './failover.fixture.ts';

/** A hanging endpoint with an open breaker and a due probe, and a healthy fallback. */
async function withHangingProbeDue(): Promise<{ readonly fixture: FailoverFixture; readonly down: FakeTransport }> {
  const down = failingTransport('a', 'unreachable');
  const fixture = new FailoverFixture([down, transportWithSecret('b')], { hedge: 100 });
  await fixture.fetchSequentially(5);
  down.fail('hang');
  await fixture.clock.pass('1s');
  return { fixture, down };
}

test('skips an endpoint after five consecutive failures', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5);

  await fixture.fetchSequentially(10);

  expect([primary.requests.length, fallback.requests.length]).toEqual([5, 15]);
});

test('sends a due probe in parallel to the read', async () => {
  const primary = failingTransport('a', 'hang');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5, 4_000);
  await fixture.clock.pass('1s');
  const { outcome } = fixture.fetch();

  // The probe hangs and the clock stands still.
  expect(await outcomeKind(outcome)).toBe('secret');
  expect(fixture.endpoints[0]?.status()).toMatchObject({ breaker: 'half-open', probes: 1, inFlight: 1 });
  await fixture.clock.pass('4s');
  expect(fixture.endpoints[0]?.status()).toMatchObject({ breaker: 'open', inFlight: 0 });
  expect(primary.requests.length).toBe(6);
});

test('closes the breaker after a successful probe', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5);
  primary.heal();
  await fixture.clock.pass('1s');
  await fixture.fetchSequentially(1);

  await fixture.fetchSequentially(3);

  expect([primary.requests.length, fallback.requests.length]).toEqual([5 + 1 + 3, 5 + 1]);
});

test('a fetch with a single attempt sends a due probe, too, although its only race ends with another endpoint', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback], { maxAttempts: 1 });
  await fixture.fetchSequentially(5);
  primary.heal();
  await fixture.clock.pass('1s');
  await fixture.fetchSequentially(1);

  await fixture.fetchSequentially(3);

  expect([primary.requests.length, fallback.requests.length]).toEqual([5 + 1 + 3, 5 + 1]);
});

test('closes the breaker after a probe that was denied', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5);
  primary.fail('denied');
  await fixture.clock.pass('1s');

  await fixture.fetchSequentially(1);

  expect(fixture.endpoints[0]?.status().breaker).toBe('closed');
});

test('keeps the breaker open after a slow probe', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5);
  primary.heal();
  primary.delayResponses(1_001, fixture.clock);
  await fixture.clock.pass('1s');
  await fixture.fetchSequentially(1, 1_001);

  expect(fixture.endpoints[0]?.status().breaker).toBe('open');
});

test('aborts a probe when the client is closed', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5);
  primary.fail('hang');
  await fixture.clock.pass('1s');
  await fixture.fetchSequentially(1);

  fixture.closing.abort(new Error('closed'));
  await fixture.clock.pass(0);

  expect(primary.cancelled).toBe(1);
  expect(fixture.clock.pendingTimers).toBe(0);
});

test('tries all endpoints in parallel when every breaker is open', async () => {
  const primary = failingTransport('a', 'hang');
  const fallback = failingTransport('b', 'hang');
  const fixture = new FailoverFixture([primary, fallback], { maxAttempts: 5 });
  const { outcome: openingFetch } = fixture.fetch();
  await fixture.clock.pass('1m');
  await openingFetch;
  const before = [primary.requests.length, fallback.requests.length];
  const { outcome, failing } = fixture.fetch();
  await fixture.clock.pass(0);

  expect(failing).toEqual(['unreachable']);
  expect([primary.requests.length, fallback.requests.length]).toEqual(before.map((count) => count + 1));
  fallback.heal();
  await fixture.clock.pass('5s');

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(fixture.endpoints.map((endpoint) => endpoint.status().breaker)).toEqual(['open', 'closed']);
});

test('a probe cancelled by a faster endpoint is due again at once', async () => {
  const primary = failingTransport('a', 'unavailable');
  const fallback = failingTransport('b', 'unavailable');
  const fixture = new FailoverFixture([primary, fallback]);
  const { outcome } = fixture.fetch();
  await fixture.clock.pass('1m');
  await outcome;
  primary.fail('hang');
  fallback.heal();

  await fixture.fetchSequentially(1);

  expect(fixture.endpoints.map((endpoint) => endpoint.status())).toMatchObject([
    { breaker: 'open', probeIn: 0, probes: 1 },
    { breaker: 'closed', probes: 1 },
  ]);
});

test('tries skipped endpoints in the last attempt', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback], { maxAttempts: 2 });
  await fixture.fetchSequentially(5);
  primary.heal();
  fallback.fail('unavailable');
  const { outcome } = fixture.fetch();

  await fixture.clock.pass(200);

  expect(await outcomeKind(outcome)).toBe('secret');
});

test('lists a skipped endpoint once, with its last error', async () => {
  const primary = failingTransport('a', 'unreachable');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(5);
  fallback.fail('unavailable');
  const { attempts, controller } = fixture.fetch();
  await fixture.clock.pass(100);
  controller.abort();

  expect(attempts).toMatchObject([
    {
      endpoint: 'a',
      failure: 'unreachable',
      isSkipped: true,
      error: { message: 'a: skipped, circuit breaker open since 0 ms; last error: Injected fault at a: unreachable.' },
    },
    { endpoint: 'b', failure: 'unavailable' },
    { endpoint: 'b', failure: 'unavailable' },
  ]);
});

test('a single endpoint gets all its attempts, even with an open breaker', async () => {
  const only = failingTransport('a', 'unavailable');
  const fixture = new FailoverFixture([only], { maxAttempts: 4 });
  const fetches = [fixture.fetch(), fixture.fetch('other')];

  await fixture.clock.pass('1m');
  await Promise.all(fetches.map(({ outcome }) => outcome));

  expect(only.requests.length).toBe(8);
});

test('tries a throttling endpoint last for one second', async () => {
  const primary = failingTransport('a', 'throttled');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(20);
  const before = primary.requests.length;

  await fixture.clock.pass('1s');
  await fixture.fetchSequentially(20);

  expect([before, primary.requests.length, fallback.requests.length]).toEqual([1, 2, 40]);
  expect(fixture.endpoints[0]?.status()).toMatchObject({ breaker: 'closed', cooldownFor: 1_000 });
});

test('throttling never opens the breaker', async () => {
  const fixture = new FailoverFixture([failingTransport('a', 'throttled'), transportWithSecret('b')]);

  await fixture.fetchSequentially(10, 1_000);

  expect(fixture.endpoints[0]?.status()).toMatchObject({ breaker: 'closed', failures: 10 });
});

test('a success ends the cooldown', async () => {
  const primary = failingTransport('a', 'throttled');
  const fallback = transportWithSecret('b');
  const fixture = new FailoverFixture([primary, fallback]);
  await fixture.fetchSequentially(1);
  primary.heal();
  fallback.fail('unavailable');
  await fixture.fetchSequentially(1);
  fallback.heal();

  await fixture.fetchSequentially(1);

  expect(primary.requests.length).toBe(3);
});

test('the Retry-After received by one fetch holds for all fetches', async () => {
  const only = failingTransport('a', new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));
  const fixture = new FailoverFixture([only]);
  const first = fixture.fetch();
  await fixture.clock.pass(0);
  only.heal();

  const second = fixture.fetch();
  await fixture.clock.pass(4_999);
  expect(only.requests.length).toBe(1);
  expect(second.failing).toEqual(['throttled']);
  await fixture.clock.pass(1);

  expect(await Promise.all([outcomeKind(first.outcome), outcomeKind(second.outcome)])).toEqual(['secret', 'secret']);
});

test('one of many concurrent fetches sends the probe', async () => {
  const { fixture, down } = await withHangingProbeDue();
  const before = down.requests.length;

  const fetches = Array.from({ length: 200 }, () => fixture.fetch());
  await Promise.all(fetches.map(({ outcome }) => outcome));

  expect(down.requests.length - before).toBe(1);
  expect(fixture.endpoints[0]?.status()).toMatchObject({ breaker: 'half-open', probes: 1 });
});

test('a hanging probe times out, and the next one is due later', async () => {
  const { fixture } = await withHangingProbeDue();
  await fixture.fetchSequentially(1);

  await fixture.clock.pass('4s');

  const { breaker, probeIn = 0, inFlight } = fixture.endpoints[0]?.status() ?? {};
  expect({ breaker, inFlight }).toEqual({ breaker: 'open', inFlight: 0 });
  expect(probeIn).toBeGreaterThanOrEqual(1_000);
});

test('closing the client ends a probe without an unhandled rejection', async () => {
  const unhandled = unhandledRejections();
  const { fixture } = await withHangingProbeDue();
  await fixture.fetchSequentially(1);

  fixture.closing.abort(new Error('closed'));
  await settled();

  expect(fixture.endpoints[0]?.status()).toMatchObject({ inFlight: 0, breaker: 'open' });
  expect([fixture.clock.pendingTimers, unhandled]).toEqual([0, []]);
});

test('a new probe is due after an abandoned one', async () => {
  const fixture = new FailoverFixture([failingTransport('a', 'unreachable')], { maxAttempts: 1 });
  await fixture.fetchSequentially(5);
  await fixture.clock.pass('1s');
  fixture.endpoints[0]?.startProbe();
  fixture.endpoints[0]?.breaker.abandonProbe();

  expect(fixture.endpoints[0]?.breaker.isProbeDue).toBe(true);
});
