import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { IssuedCredentials } from './cached-credentials.ts';
import { CachedCredentials } from './cached-credentials.ts';

interface Fixture {
  readonly clock: FakeClock;
  readonly credentials: CachedCredentials;
  /** Number of requests to the source. */
  requests(): number;
  /** How the source responds. */
  respond: () => Promise<IssuedCredentials>;
  /** The access key id of the current credentials. */
  read(): Promise<string>;
}

/** The access key ids count the requests: `FakeId-1`, `FakeId-2`. */
function setup(lifetime: number | undefined = 3_600_000, clock = new FakeClock()): Fixture {
  let requests = 0;
  const fixture: Fixture = {
    clock,
    requests: () => requests,
    respond: () =>
      Promise.resolve({ credentials: { accessKeyId: `FakeId-${requests}`, accessKeySecret: 's3cret-key' }, lifetime }),
    credentials: new CachedCredentials({
      source: 'STS',
      clock,
      fetch() {
        requests += 1;
        return fixture.respond();
      },
    }),
    read: async () => (await fixture.credentials.getCredential()).accessKeyId,
  };
  return fixture;
}

test('coalesces a thousand concurrent callers into one request', async () => {
  const fixture = setup();

  const ids = await Promise.all(Array.from({ length: 1_000 }, () => fixture.read()));

  expect(new Set(ids)).toEqual(new Set(['FakeId-1']));
  expect(fixture.requests()).toBe(1);
});

test('caches credentials until shortly before they expire', async () => {
  const fixture = setup(3_600_000);
  await fixture.read();

  await fixture.clock.pass('49m');

  expect(await fixture.read()).toBe('FakeId-1');
  expect(fixture.requests()).toBe(1);
});

test.each([
  [0, '52m'],
  [0.99, '50m'],
])('spreads the refreshes of processes that start together: random %d', async (random, before) => {
  const fixture = setup(3_600_000, new FakeClock({ random: () => random }));
  await fixture.read();

  await fixture.clock.pass(before);
  await fixture.read();
  expect(fixture.requests()).toBe(1);
  await fixture.clock.pass('1m');
  await fixture.read();

  expect(fixture.requests()).toBe(2);
});

test('refreshes in the background shortly before the expiry', async () => {
  const fixture = setup(3_600_000);
  await fixture.read();
  await fixture.clock.pass('54m');

  expect(await fixture.read()).toBe('FakeId-1');
  await fixture.clock.pass('1s');

  expect(await fixture.read()).toBe('FakeId-2');
  expect(fixture.requests()).toBe(2);
});

test.each([900_000, 60_000, 1_000])('caches credentials with a lifetime of %d ms for most of it', async (lifetime) => {
  const fixture = setup(lifetime);
  await fixture.read();

  fixture.clock.freeze(lifetime * 0.55);
  expect(await fixture.read()).toBe('FakeId-1');
  expect(fixture.requests()).toBe(1);
  fixture.clock.freeze(lifetime * 0.26);

  expect(await fixture.read()).toBe('FakeId-2');
});

test('credentials that arrive expired are an outage of their issuer', async () => {
  const fixture = setup(0);

  await expect(fixture.read()).rejects.toMatchObject({
    failure: 'unavailable',
    message: expect.stringContaining('returned credentials that have expired') as string,
  });
});

test('keeps valid credentials while the issuer returns expired ones', async () => {
  const { clock } = setup(0);
  let lifetime = 3_600_000;
  const cached = new CachedCredentials({
    source: 'ECS',
    clock,
    fetch: async () => ({ credentials: { accessKeyId: String(lifetime), accessKeySecret: 's3cret' }, lifetime }),
  });
  const first = await cached.getCredential();
  lifetime = -60_000;

  await clock.pass('59m');

  expect(await cached.getCredential()).toBe(first);
});

test('refreshes credentials without a lifetime after five minutes', async () => {
  const fixture = setup(undefined);
  const unknown = new CachedCredentials({
    source: 'A file',
    clock: fixture.clock,
    fetch: async () => ({ ...(await fixture.respond()), lifetime: undefined }),
  });
  const first = await unknown.getCredential();

  await fixture.clock.pass('301s');

  expect(await unknown.getCredential()).toBe(first);
  await fixture.clock.pass('1s');
  expect(await unknown.getCredential()).not.toBe(first);
});

test('returns the cached credentials until they expire while the source fails', async () => {
  const fixture = setup(3_600_000);
  await fixture.read();
  fixture.respond = () => Promise.reject(new Error('unavailable'));

  fixture.clock.freeze('59m');
  expect(await fixture.read()).toBe('FakeId-1');
  fixture.clock.freeze('2m');

  await expect(fixture.read()).rejects.toThrow('unavailable');
});

test('caches a failure for one second', async () => {
  const fixture = setup();
  const { respond } = fixture;
  fixture.respond = () => Promise.reject(new Error('unavailable'));

  const outcomes = await Promise.allSettled([fixture.read(), fixture.read(), fixture.read()]);
  await expect(fixture.read()).rejects.toThrow('unavailable');
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(fixture.requests()).toBe(1);

  await fixture.clock.pass('1s');
  fixture.respond = respond;
  expect(await fixture.read()).toBe('FakeId-2');
});

test('times out a source that never responds; the next call tries again', async () => {
  const fixture = setup();
  const { respond } = fixture;
  fixture.respond = () => new Promise(() => undefined);
  const waiting = fixture.read().catch((error: unknown) => error);

  await fixture.clock.pass('15s');
  expect(await waiting).toMatchObject({ failure: 'unreachable', code: 'ETIMEDOUT' });
  fixture.respond = respond;
  await fixture.clock.pass('1s');

  expect(await fixture.read()).toBe('FakeId-2');
  expect(fixture.clock.pendingTimers).toBe(0);
});

test('does not return discarded credentials again', async () => {
  const fixture = setup();
  await fixture.read();

  expect(fixture.credentials.discard('FakeId-1')).toBe(true);
  expect(await fixture.read()).toBe('FakeId-2');
  // A late call, for a request that was signed with the old credentials.
  expect(fixture.credentials.discard('FakeId-1')).toBe(true);
  expect(await fixture.read()).toBe('FakeId-2');
});

test('does not return credentials that are discarded while their refresh fails', async () => {
  const fixture = setup();
  await fixture.read();
  await fixture.clock.pass('56m');
  fixture.respond = () => {
    fixture.credentials.discard('FakeId-1');
    return Promise.reject(new Error('STS is unavailable'));
  };

  await expect(fixture.read()).rejects.toThrow('STS is unavailable');
});

test('has no timer between calls', async () => {
  const fixture = setup();

  await fixture.read();

  expect(fixture.clock.pendingTimers).toBe(0);
});

test('reports each renewal, with the time that the credentials in use are still valid', async () => {
  const clock = new FakeClock();
  const renewals: unknown[] = [];
  let error: Error | undefined = new Error('down');
  const cached = new CachedCredentials({
    source: 'STS',
    clock,
    fetch: async () => {
      if (error !== undefined) throw error;
      return { credentials: { accessKeyId: 'FakeId', accessKeySecret: 's3cret-key' }, lifetime: 3_600_000 };
    },
    onRenewal: (renewal) => renewals.push(renewal),
  });
  const { message } = error;
  await cached.getCredential().catch(() => {});
  error = undefined;
  await clock.pass('2s');
  await cached.getCredential();
  error = new Error(message);
  await clock.pass('58m');
  await cached.getCredential();

  expect(renewals).toEqual([
    { error: new Error(message), expiresIn: undefined },
    { error: undefined, expiresIn: 3_600_000 },
    { error: new Error(message), expiresIn: 120_000 },
  ]);
});
