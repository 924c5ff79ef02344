import { FakeTransport } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { FailureName } from '../secret/failures.ts';
import { FetchFailure } from '../ports/transport.ts';
import { Secret } from '../secret/secret.ts';
import { failingTransport, transportWithSecret, outcomeKind, FailoverFixture } from './failover.fixture.ts';
import type { StartedFetch } from './failover.fixture.ts';

function run(transports: readonly FakeTransport[], maxAttempts = 5): StartedFetch & Pick<FailoverFixture, 'clock'> {
  const fixture = new FailoverFixture(transports, { maxAttempts });
  return { ...fixture.fetch(), clock: fixture.clock };
}

test('uses the first endpoint while it responds', async () => {
  const primary = transportWithSecret('a');
  const fallback = transportWithSecret('b');

  expect(await run([primary, fallback]).outcome).toMatchObject({ kind: 'secret' });
  expect([primary.requests.length, fallback.requests.length]).toEqual([1, 0]);
});

test.each<FailureName>(['throttled', 'unavailable', 'unreachable', 'malformed'])(
  'fails over without a wait when the primary is %s',
  async (failure) => {
    const fallback = transportWithSecret('b');
    const { outcome, clock } = run([failingTransport('a', failure), fallback]);

    expect(await outcome).toMatchObject({ kind: 'secret' });
    expect(clock.now()).toBe(0);
  },
);

test.each<FailureName>(['denied', 'disabled', 'notFound', 'rejected', 'untrusted', 'hookRejected'])(
  'does not fail over when the primary fails as %s',
  async (failure) => {
    const fallback = transportWithSecret('b');

    expect(await outcomeKind(run([failingTransport('a', failure), fallback]).outcome)).toBe(failure);
    expect(fallback.requests).toEqual([]);
  },
);

test('retries the primary after "not found" from a fallback', async () => {
  const primary = failingTransport('a', 'unavailable');
  const fallback = new FakeTransport('b');
  const { outcome, clock } = run([primary, fallback]);
  await clock.pass(0);

  primary.heal();
  primary.put('db', 'v1');
  await clock.pass('1s');

  expect(await outcome).toMatchObject({ kind: 'secret' });
  expect(fallback.requests.length).toBe(1);
});

test('reports the outage of the primary, not the "not found" of a fallback', async () => {
  const { outcome, clock } = run([failingTransport('a', 'unreachable'), new FakeTransport('b')]);

  await clock.pass('1m');

  expect(await outcomeKind(outcome)).toBe('unreachable');
});

test('"denied" from a fallback is final', async () => {
  const primary = failingTransport('a', 'unavailable');

  expect(await outcomeKind(run([primary, failingTransport('b', 'denied')]).outcome)).toBe('denied');
  expect(primary.requests.length).toBe(1);
});

test('makes `maxAttempts` attempts at each endpoint', async () => {
  const primary = failingTransport('a', 'unavailable');
  const fallback = failingTransport('b', 'throttled');
  const { outcome, clock, attempts, failing } = run([primary, fallback], 3);

  await clock.pass('1m');

  expect(await outcomeKind(outcome)).toBe('unavailable');
  expect(attempts.map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  expect(failing).toEqual(['unavailable', 'unavailable']);
});

test('waits between attempts with exponential backoff', async () => {
  const primary = failingTransport('a', 'unavailable');
  const { clock } = run([primary], 4);
  const sentAt = [0, 100, 300, 700]; // halves of 200, 400, 800

  for (const [index, at] of sentAt.entries()) {
    await clock.pass(Math.max(at - clock.now() - 1, 0));
    expect(primary.requests.length).toBe(index === 0 ? 1 : index);
    await clock.pass(at - clock.now());
    expect(primary.requests.length).toBe(index + 1);
  }
});

test('does not retry an endpoint with a malformed response', async () => {
  const malformed = failingTransport('a', 'malformed');
  const unavailable = failingTransport('b', 'unavailable');
  const { outcome, clock } = run([malformed, unavailable], 3);

  await clock.pass('1m');

  expect(await outcomeKind(outcome)).toBe('malformed');
  expect([malformed.requests.length, unavailable.requests.length]).toEqual([1, 3]);
});

test('fails over after `attemptTimeout` without a response', async () => {
  const { outcome, clock, attempts } = run([failingTransport('a', 'hang'), transportWithSecret('b')]);

  await clock.pass(3_999);
  expect(attempts).toEqual([]);
  await clock.pass(1);

  expect(await outcome).toMatchObject({ kind: 'secret' });
  expect(attempts).toMatchObject([{ endpoint: 'a', failure: 'unreachable', ms: 4_000 }]);
});

test('retries after the Retry-After of the server', async () => {
  const primary = failingTransport('a', new FetchFailure('throttled', 'slow down', { retryAfter: 5_000 }));
  const { clock } = run([primary]);

  await clock.pass(4_999);
  expect(primary.requests.length).toBe(1);
  await clock.pass(1);

  expect(primary.requests.length).toBe(2);
});

test('the deadline of the fetch aborts a hanging attempt', async () => {
  const { outcome, controller, clock } = run([failingTransport('a', 'hang')]);
  await clock.pass(10);

  controller.abort(new Error('closing'));

  expect(await outcome).toEqual({ kind: 'aborted' });
  expect(clock.pendingTimers).toBe(0);
});

test('the deadline of the fetch ends a backoff', async () => {
  const { outcome, controller, clock } = run([failingTransport('a', 'unavailable')]);
  await clock.pass(10);

  controller.abort(new Error('closing'));

  expect(await outcome).toEqual({ kind: 'aborted' });
  expect(clock.pendingTimers).toBe(0);
});

test('an unknown error of a transport is `malformed`', async () => {
  expect(await outcomeKind(run([failingTransport('a', new TypeError('a bug'))], 1).outcome)).toBe('malformed');
});

test('a return value that is not a Secret is `malformed`', async () => {
  const malformed = transportWithSecret('a');
  malformed.fetch = () => Promise.resolve({ text: 's3cret-plain' } as never);

  expect(await outcomeKind(run([malformed], 1).outcome)).toBe('malformed');
});

test('accepts a FetchFailure of another copy of the package', async () => {
  const foreign = Object.assign(new Error('from elsewhere'), { failure: 'denied', requestId: 'r-1' });
  const outcome = await run([failingTransport('a', foreign)]).outcome;

  expect(outcome).toMatchObject({ kind: 'failed', failure: { failure: 'denied', requestId: 'r-1' } });
});

test('a blocked event loop fails no attempt and slows no endpoint', async () => {
  const endpoint = transportWithSecret('a');
  const fixture = new FailoverFixture([endpoint, transportWithSecret('b')], { hedge: 100 });
  let respond = (): void => {};
  const secret = new Secret({ name: 'db', versionId: 'v1', value: 's3cret', dataType: 'text', stages: ['ACSCurrent'] });
  endpoint.fetch = () =>
    new Promise((resolve) => {
      respond = () => resolve(secret);
    });
  const { outcome } = fixture.fetch();
  await fixture.clock.pass(20);

  fixture.clock.freeze('4.5s');
  await fixture.clock.pass(0);
  respond();
  await fixture.clock.pass(5);

  expect(await outcomeKind(outcome)).toBe('secret');
  expect(fixture.endpoints.map((each) => each.status())).toMatchObject([
    { endpoint: 'a', failures: 0, breaker: 'closed' },
    { endpoint: 'b', attempts: 0, hedges: 0 },
  ]);
  expect(fixture.endpoints[0]?.latency.estimate).toBeLessThan(600);
});
