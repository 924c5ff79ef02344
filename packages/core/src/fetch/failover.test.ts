import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { FailureName } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import { failingTransport, transportWithSecret, outcomeKind, FailoverFixture } from './endpoint.fixture.ts';
import type { StartedFetch } from './endpoint.fixture.ts';

function run(transports: readonly FakeTransport[], maxAttempts = 5): StartedFetch & Pick<FailoverFixture, 'clock'> {
  const stage = new FailoverFixture(transports, { maxAttempts });
  return { ...stage.fetch(), clock: stage.clock };
}

test('the endpoints are asked in the order given, and the first that answers is enough', async () => {
  const [first, second] = [transportWithSecret('a'), transportWithSecret('b')];

  expect(await run([first, second]).outcome).toMatchObject({ kind: 'secret' });
  expect([first.requests.length, second.requests.length]).toEqual([1, 0]);
});

test.each<FailureName>(['throttled', 'unavailable', 'unreachable', 'malformed'])(
  'the next endpoint is asked at once when one is %s',
  async (failure) => {
    const standby = transportWithSecret('b');
    const { outcome, clock } = run([failingTransport('a', failure), standby]);

    expect(await outcome).toMatchObject({ kind: 'secret' });
    expect(clock.now()).toBe(0);
  },
);

test.each<FailureName>(['denied', 'disabled', 'notFound', 'rejected', 'untrusted', 'hookRejected'])(
  'nobody else is asked when the first endpoint says: %s',
  async (failure) => {
    const standby = transportWithSecret('b');

    expect(await outcomeKind(run([failingTransport('a', failure), standby]).outcome)).toBe(failure);
    expect(standby.requests).toEqual([]);
  },
);

test('"not found" from a standby does not end the search while the first endpoint may still answer', async () => {
  const [first, standby] = [failingTransport('a', 'unavailable'), new FakeTransport('b')];
  const { outcome, clock } = run([first, standby]);
  await clock.pass(0);

  first.heal();
  first.put('db', 'v1');
  await clock.pass('1s');

  expect(await outcome).toMatchObject({ kind: 'secret' });
  expect(standby.requests.length).toBe(1);
});

test('"not found" from a standby does not turn an outage of the first endpoint into a refusal', async () => {
  const { outcome, clock } = run([failingTransport('a', 'unreachable'), new FakeTransport('b')]);

  await clock.pass('1m');

  expect(await outcomeKind(outcome)).toBe('unreachable');
});

test('"denied" from a standby ends the search', async () => {
  const first = failingTransport('a', 'unavailable');

  expect(await outcomeKind(run([first, failingTransport('b', 'denied')]).outcome)).toBe('denied');
  expect(first.requests.length).toBe(1);
});

test('each endpoint is asked as often as there are tries, with growing waits between the rounds', async () => {
  const [first, second] = [failingTransport('a', 'unavailable'), failingTransport('b', 'throttled')];
  const { outcome, clock, attempts, rounds } = run([first, second], 3);

  await clock.pass('1m');

  expect(await outcomeKind(outcome)).toBe('unavailable');
  expect(attempts.map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(rounds).toEqual(['unavailable', 'unavailable']);
});

test('the waits are drawn from bounds that double', async () => {
  const first = failingTransport('a', 'unavailable');
  const { clock } = run([first], 4);
  const askedAt = [0, 100, 300, 700]; // halves of 200, 400, 800

  for (const [index, at] of askedAt.entries()) {
    await clock.pass(Math.max(at - clock.now() - 1, 0));
    expect(first.requests.length).toBe(index === 0 ? 1 : index);
    await clock.pass(at - clock.now());
    expect(first.requests.length).toBe(index + 1);
  }
});

test('an endpoint whose answer makes no sense is not asked again in the same fetch', async () => {
  const [broken, away] = [failingTransport('a', 'malformed'), failingTransport('b', 'unavailable')];
  const { outcome, clock } = run([broken, away], 3);

  await clock.pass('1m');

  expect(await outcomeKind(outcome)).toBe('malformed');
  expect([broken.requests.length, away.requests.length]).toEqual([1, 3]);
});

test('an attempt that hangs is left after its time, and the next endpoint asked', async () => {
  const { outcome, clock, attempts } = run([failingTransport('a', 'hang'), transportWithSecret('b')]);

  await clock.pass(3_999);
  expect(attempts).toEqual([]);
  await clock.pass(1);

  expect(await outcome).toMatchObject({ kind: 'secret' });
  expect(attempts).toMatchObject([{ endpoint: 'a', failure: 'unreachable', ms: 4_000 }]);
});

test('a server that asks us to wait is waited for', async () => {
  const first = failingTransport('a', new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));
  const { clock } = run([first]);

  await clock.pass(4_999);
  expect(first.requests.length).toBe(1);
  await clock.pass(1);

  expect(first.requests.length).toBe(2);
});

test('the end of the budget ends an attempt that hangs', async () => {
  const { outcome, controller, clock } = run([failingTransport('a', 'hang')]);
  await clock.pass(10);

  controller.abort(new Error('closing'));

  expect(await outcome).toEqual({ kind: 'aborted' });
  expect(clock.pending).toBe(0);
});

test('the end of the budget ends a wait between two rounds at once', async () => {
  const { outcome, controller, clock } = run([failingTransport('a', 'unavailable')]);
  await clock.pass(10);

  controller.abort(new Error('closing'));

  expect(await outcome).toEqual({ kind: 'aborted' });
  expect(clock.pending).toBe(0);
});

test('a transport that throws what it does not name is a fault of the transport', async () => {
  expect(await outcomeKind(run([failingTransport('a', new TypeError('a bug'))], 1).outcome)).toBe('malformed');
});

test('a transport that returns something that is not a Secret is a fault of the transport', async () => {
  const broken = transportWithSecret('a');
  broken.fetch = () => Promise.resolve({ text: 's3cret-plain' } as never);

  expect(await outcomeKind(run([broken], 1).outcome)).toBe('malformed');
});

test('a failure made by another copy of the package counts as what it says', async () => {
  const foreign = Object.assign(new Error('from elsewhere'), { failure: 'denied', requestId: 'r-1' });
  const outcome = await run([failingTransport('a', foreign)]).outcome;

  expect(outcome).toMatchObject({ kind: 'failed', failure: { failure: 'denied', requestId: 'r-1' } });
});
