import { expect, test } from 'vitest';
import { FetchFailure } from '../ports/transport.ts';
import { failingTransport, transportWithSecret, outcomeKind, FailoverFixture } from './endpoint.fixture.ts';

test('an endpoint that keeps failing is left alone: the next is asked without a wait', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5);

  await stage.fetchSequentially(10);

  expect([first.requests.length, standby.requests.length]).toEqual([5, 15]);
});

test('when its time comes it is asked beside the read, and not before it', async () => {
  const [first, standby] = [failingTransport('a', 'hang'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5, 4_000);
  await stage.clock.pass('1s');
  const { outcome } = stage.fetch();

  // The probe hangs; nobody moves the clock.
  expect(await outcomeKind(outcome)).toBe('secret');
  expect(stage.endpoints[0]?.status()).toMatchObject({ breaker: 'half-open', probes: 1, inFlight: 1 });
  await stage.clock.pass('4s');
  expect(stage.endpoints[0]?.status()).toMatchObject({ breaker: 'open', inFlight: 0 });
  expect(first.requests.length).toBe(6);
});

test('once a probe is answered it is asked first again', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5);
  first.heal();
  await stage.clock.pass('1s');
  await stage.fetchSequentially(1);

  await stage.fetchSequentially(3);

  expect([first.requests.length, standby.requests.length]).toEqual([5 + 1 + 3, 5 + 1]);
});

test('a definite no is an answer: it closes the breaker', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5);
  first.fail('denied');
  await stage.clock.pass('1s');

  await stage.fetchSequentially(1);

  expect(stage.endpoints[0]?.status().breaker).toBe('closed');
});

test('a probe that is answered, but slowly, does not bring it back', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5);
  first.heal();
  first.answerAfter(1_001, stage.clock);
  await stage.clock.pass('1s');
  await stage.fetchSequentially(1, 1_001);

  expect(stage.endpoints[0]?.status().breaker).toBe('open');
});

test('the close of the client ends a probe', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5);
  first.fail('hang');
  await stage.clock.pass('1s');
  await stage.fetchSequentially(1);

  stage.closing.abort(new Error('closed'));
  await stage.clock.pass(0);

  expect(first.cancelled).toBe(1);
  expect(stage.clock.pending).toBe(0);
});

test('with all of them open a read is tried all the same, at all of them at once, and told at once to be in trouble', async () => {
  const [first, standby] = [failingTransport('a', 'hang'), failingTransport('b', 'hang')];
  const stage = new FailoverFixture([first, standby], { maxAttempts: 5 });
  const { outcome: opening } = stage.fetch();
  await stage.clock.pass('1m');
  await opening;
  const before = [first.requests.length, standby.requests.length];
  const { outcome, rounds } = stage.fetch();
  await stage.clock.pass(0);

  expect(rounds).toEqual(['unreachable']);
  expect([first.requests.length, standby.requests.length]).toEqual(before.map((count) => count + 1));
  standby.heal();
  await stage.clock.pass('5s');

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(stage.endpoints.map((endpoint) => endpoint.status().breaker)).toEqual(['open', 'closed']);
});

test('a probe that was overtaken by another endpoint told nothing: it can be made again', async () => {
  const [first, standby] = [failingTransport('a', 'unavailable'), failingTransport('b', 'unavailable')];
  const stage = new FailoverFixture([first, standby]);
  const { outcome } = stage.fetch();
  await stage.clock.pass('1m');
  await outcome;
  first.fail('hang');
  standby.heal();

  await stage.fetchSequentially(1);

  expect(stage.endpoints.map((endpoint) => endpoint.status())).toMatchObject([
    { breaker: 'open', probeIn: 0, probes: 1 },
    { breaker: 'closed', probes: 1 },
  ]);
});

test('before a read fails it asks those that it left alone', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby], { maxAttempts: 2 });
  await stage.fetchSequentially(5);
  first.heal();
  standby.fail('unavailable');
  const { outcome } = stage.fetch();

  await stage.clock.pass(200);

  expect(await outcomeKind(outcome)).toBe('secret');
});

test('one that was left alone is among the attempts, as not asked, with what it said before', async () => {
  const [first, standby] = [failingTransport('a', 'unreachable'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(5);
  standby.fail('unavailable');
  const { attempts, controller } = stage.fetch();
  await stage.clock.pass(100);
  controller.abort();

  // Once, however many rounds there are.
  expect(attempts).toMatchObject([
    {
      endpoint: 'a',
      failure: 'unreachable',
      isSkipped: true,
      error: { message: 'a: skipped, circuit breaker open since 0 s; last error: a was told to fail: unreachable.' },
    },
    { endpoint: 'b', failure: 'unavailable' },
    { endpoint: 'b', failure: 'unavailable' },
  ]);
});

test('one endpoint alone is asked as often as before, open or not', async () => {
  const only = failingTransport('a', 'unavailable');
  const stage = new FailoverFixture([only], { maxAttempts: 4 });
  const fetches = [stage.fetch(), stage.fetch('other')];

  await stage.clock.pass('1m');
  await Promise.all(fetches.map(({ outcome }) => outcome));

  expect(only.requests.length).toBe(8);
});

test('one that throttles is not down: it is asked after the others for a second, and its breaker stays closed', async () => {
  const [first, standby] = [failingTransport('a', 'throttled'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(20);
  const asked = first.requests.length;

  await stage.clock.pass('1s');
  await stage.fetchSequentially(20);

  expect([asked, first.requests.length, standby.requests.length]).toEqual([1, 2, 40]);
  expect(stage.endpoints[0]?.status()).toMatchObject({ breaker: 'closed', cooldownFor: 1_000 });
});

test('however often it throttles, its breaker stays closed', async () => {
  const stage = new FailoverFixture([failingTransport('a', 'throttled'), transportWithSecret('b')]);

  await stage.fetchSequentially(10, 1_000);

  expect(stage.endpoints[0]?.status()).toMatchObject({ breaker: 'closed', failures: 10 });
});

test('an answer of one that throttled ends its rest', async () => {
  const [first, standby] = [failingTransport('a', 'throttled'), transportWithSecret('b')];
  const stage = new FailoverFixture([first, standby]);
  await stage.fetchSequentially(1);
  first.heal();
  standby.fail('unavailable');
  await stage.fetchSequentially(1);
  standby.heal();

  await stage.fetchSequentially(1);

  expect(first.requests.length).toBe(3);
});

test('what a server asked of one fetch, all of them keep to', async () => {
  const only = failingTransport('a', new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));
  const stage = new FailoverFixture([only]);
  const first = stage.fetch();
  await stage.clock.pass(0);
  only.heal();

  const second = stage.fetch();
  await stage.clock.pass(4_999);
  expect(only.requests.length).toBe(1);
  expect(second.rounds).toEqual(['throttled']);
  await stage.clock.pass(1);

  expect(await Promise.all([outcomeKind(first.outcome), outcomeKind(second.outcome)])).toEqual(['secret', 'secret']);
});
