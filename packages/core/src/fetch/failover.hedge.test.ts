import { FakeClock } from '@kms-secrets/testing';
import type { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { FailureName } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import { failingTransport, transportWithSecret, outcomeKind, FailoverFixture } from './endpoint.fixture.ts';
import { Hedging } from '../endpoint/hedge.ts';

/** A first endpoint that takes so long, and a standby that answers at once. */
function slowFirst(
  ms: number,
  options: ConstructorParameters<typeof FailoverFixture>[1] = {},
): { readonly stage: FailoverFixture; readonly first: FakeTransport; readonly standby: FakeTransport } {
  const [first, standby] = [transportWithSecret('a'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby], { hedge: 100, ...options });
  first.answerAfter(ms, stage.clock);
  return { stage, first, standby };
}

test('the next is asked too when the first is slow, its answer wins, and the slow request is cancelled', async () => {
  const { stage, first, standby } = slowFirst(3_000);
  const { outcome } = stage.fetch();

  await stage.clock.pass(99);
  expect(standby.requests.length).toBe(0);
  await stage.clock.pass(1);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(first.cancelled).toBe(1);
  expect(stage.endpoints.map((endpoint) => endpoint.status())).toMatchObject([
    { endpoint: 'a', failures: 0, state: 'unknown' },
    { endpoint: 'b', failures: 0, hedges: 1, hedgesWon: 1 },
  ]);
  expect(stage.clock.pending).toBe(0);
});

test('the first still wins if it answers before the one that was asked beside it', async () => {
  const { stage, standby } = slowFirst(150);
  standby.answerAfter(3_000, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(150);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(standby.cancelled).toBe(1);
  expect(stage.endpoints[1]?.status()).toMatchObject({ hedges: 1, hedgesWon: 0, failures: 0, breaker: 'closed' });
});

test('a failure is not waited for: the next is asked at once, and that is no hedge', async () => {
  const stage = new FailoverFixture([failingTransport('a', 'unreachable'), transportWithSecret('b')], { hedge: 100 });

  expect(await outcomeKind(stage.fetch().outcome)).toBe('secret');
  expect(stage.endpoints[1]?.status().hedges).toBe(0);
});

test('slow is what is slower than 95 in 100 of its own answers', async () => {
  const { stage, first, standby } = slowFirst(200, { hedge: 'measured' });
  await stage.fetchSequentially(20, 200);
  first.answerAfter(3_000, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(199);
  expect(standby.requests.length).toBe(0);
  await stage.clock.pass(1);

  expect(await outcomeKind(outcome)).toBe('secret');
});

test('an endpoint that is always quick is given 50 ms, and one that is not known yet half a second', async () => {
  const { stage, first, standby } = slowFirst(3_000, { hedge: 'measured' });
  const asked: number[] = [];
  const known = slowFirst(1, { hedge: 'measured' });
  await known.stage.fetchSequentially(20, 1);
  known.first.answerAfter(3_000, known.stage.clock);
  for (const { clock, fetch, other } of [
    { clock: stage.clock, fetch: () => stage.fetch(), other: standby },
    { clock: known.stage.clock, fetch: () => known.stage.fetch(), other: known.standby },
  ]) {
    fetch();
    let ms = 0;
    for (; other.requests.length === 0; ms += 1) await clock.pass(1);
    asked.push(ms);
  }

  expect(asked).toEqual([500, 50]);
  expect(first.requests.length).toBe(1);
});

test('of an endpoint that has answered a few times, slow is twice the slowest of these', async () => {
  const { stage, first, standby } = slowFirst(40, { hedge: 'measured' });
  await stage.fetchSequentially(1, 40);
  first.answerAfter(60, stage.clock);
  await stage.fetchSequentially(1, 60);
  first.answerAfter(3_000, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(119);
  expect(standby.requests.length).toBe(0);
  await stage.clock.pass(1);

  expect(await outcomeKind(outcome)).toBe('secret');
});

test('however slow its first answers were, an endpoint that is little known is given half a second at the most', () => {
  const parts = { clock: new FakeClock(), delay: undefined, share: 0.1, breakerFailures: 5, attemptTimeout: 4_000 };

  expect(new Hedging(parts).delayFor({ p95: undefined, estimate: 3_000 })).toBe(500);
  expect(new Hedging(parts).delayFor({ p95: 3_000, estimate: 3_000 })).toBe(1_000);
});

test('an endpoint is given no more than half of the time of an attempt', () => {
  const parts = { clock: new FakeClock(), delay: undefined, share: 0.1, breakerFailures: 5 };

  expect(new Hedging({ ...parts, attemptTimeout: 400 }).delayFor({ p95: undefined, estimate: undefined })).toBe(200);
  expect(new Hedging({ ...parts, attemptTimeout: 40 }).delayFor({ p95: 1, estimate: 2 })).toBe(20);
});

test('there are always hedges enough to open a breaker', () => {
  const parts = { clock: new FakeClock(), delay: 100, share: 0.1, attemptTimeout: 4_000 };
  const hedging = new Hedging({ ...parts, breakerFailures: 25 });

  expect(Array.from({ length: 26 }, () => hedging.tryWithdraw()).filter((isAllowed) => isAllowed)).toHaveLength(25);
});

test('a refresh that nobody waits for is not hedged, until a reader joins it', async () => {
  const { stage, standby } = slowFirst(3_000);
  const { outcome, priority } = stage.fetch('db', 'refresh');
  await stage.clock.pass(1_000);
  expect(standby.requests.length).toBe(0);

  priority.raise('read');

  expect(await outcomeKind(outcome)).toBe('secret');
});

test.each<FailureName>(['notFound', 'disabled', 'denied', 'rejected'])(
  'a standby that says "%s" does not win over a first that is slow',
  async (failure) => {
    const [first, standby] = [transportWithSecret('a'), failingTransport('b', failure)];
    const stage = new FailoverFixture([first, standby], { hedge: 100 });
    first.answerAfter(2_000, stage.clock);
    const { outcome } = stage.fetch();

    await stage.clock.pass(2_000);

    expect(standby.requests.length).toBe(1);
    expect(await outcomeKind(outcome)).toBe('secret');
  },
);

test('what a standby refuses is refused once the slow first has failed', async () => {
  const [first, standby] = [failingTransport('a', 'unavailable'), failingTransport('b', 'denied')];
  const stage = new FailoverFixture([first, standby], { hedge: 100 });
  first.answerAfter(2_000, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(2_000);

  expect(await outcomeKind(outcome)).toBe('denied');
});

test('what a standby refuses is not taken to the next while the first may still answer', async () => {
  const [first, standby, last] = [transportWithSecret('a'), failingTransport('b', 'denied'), transportWithSecret('c')];
  const stage = new FailoverFixture([first, standby, last], { hedge: 100 });
  first.answerAfter(2_000, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(2_000);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(last.requests.length).toBe(0);
});

test('what the first refuses ends the search, and the request beside it', async () => {
  const [first, standby] = [failingTransport('a', 'notFound'), failingTransport('b', 'hang')];
  const stage = new FailoverFixture([first, standby], { hedge: 100 });
  first.answerAfter(200, stage.clock);
  const { outcome } = stage.fetch();

  await stage.clock.pass(200);

  expect(await outcomeKind(outcome)).toBe('notFound');
  expect(standby.cancelled).toBe(1);
});

test('with the second slow too, the third is asked', async () => {
  const transports = [failingTransport('a', 'hang'), failingTransport('b', 'hang'), transportWithSecret('c')];
  const stage = new FailoverFixture(transports, { hedge: 100 });
  const { outcome } = stage.fetch();

  await stage.clock.pass(200);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(transports.map(({ cancelled }) => cancelled)).toEqual([1, 1, 0]);
});

test('hedges stay within their share of the fetches, however slow it is', async () => {
  // It answers before it is overtaken five times in a row, so its breaker does not step in.
  const { stage, standby } = slowFirst(150, { share: 0.1 });
  standby.answerAfter(1_000, stage.clock);

  await stage.fetchSequentially(200, 150);

  expect(standby.requests.length).toBeGreaterThan(20);
  expect(standby.requests.length).toBeLessThanOrEqual(10 + 0.1 * 200);
});

test('one that is overtaken five times in a row is left alone: nobody waits for it any more', async () => {
  const { stage, first, standby } = slowFirst(3_000);
  await stage.fetchSequentially(5, 100);
  const { outcome } = stage.fetch();

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(first.requests.length).toBe(5);
  expect(standby.requests.length).toBe(6);
  expect(stage.endpoints[0]?.status()).toMatchObject({ breaker: 'open', failures: 0 });
});

test('a crowd that waits for the same slow endpoint leaves it when its breaker opens, beyond what may be hedged', async () => {
  const { stage } = slowFirst(3_000, { share: 0.001, maxInFlight: 1_000 });
  const crowd = Array.from({ length: 100 }, () => stage.fetch());

  await stage.clock.pass(100);
  const outcomes = await Promise.all(crowd.map(({ outcome }) => outcomeKind(outcome)));

  expect(new Set(outcomes)).toEqual(new Set(['secret']));
  expect(stage.endpoints[1]?.status().hedges).toBeLessThanOrEqual(10);
});

test('an endpoint is not slow for those who only wait for their turn at it', async () => {
  const { stage } = slowFirst(3_000, { maxInFlight: 1 });
  const crowd = Array.from({ length: 8 }, () => stage.fetch());

  await stage.clock.pass(100);
  const outcomes = await Promise.all(crowd.map(({ outcome }) => outcomeKind(outcome)));

  expect(new Set(outcomes)).toEqual(new Set(['secret']));
  expect(stage.endpoints[0]?.status().breaker).toBe('closed');
});

test('where the next has just throttled, the slow one is waited for', async () => {
  const { stage, standby } = slowFirst(500);
  standby.fail('throttled');
  stage.endpoints[1]?.cooldown.start(new FetchFailure('throttled', 'slow down'));
  const { outcome } = stage.fetch();

  await stage.clock.pass(500);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(standby.requests.length).toBe(0);
});
