import { FakeStore } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import type { FetchedTimes, RetryOptions } from '../options/options.ts';
import { FetchFailure } from '../ports/transport.ts';
import type { Secret } from '../secret/secret.ts';
import { dbRequest, hour, setUpClient, storedSecret } from './client.fixture.ts';
import type { ClientFixture } from './client.fixture.ts';

/** A first read of `db` that fails, and the times of its requests in milliseconds. */
async function requestTimes(failure: FetchFailure, retry: RetryOptions): Promise<readonly number[]> {
  const fixture = setUpClient({ retry, deadline: '5m' });
  const times: number[] = [];
  fixture.kms.fetch = () => {
    times.push(fixture.clock.now());
    return Promise.reject(failure);
  };
  const read = fixture.client.get('db');
  read.catch(() => {});
  await fixture.clock.pass('2m');
  return times;
}

const unavailable = new FetchFailure('unavailable', 'KMS is busy.', { code: 'ServiceUnavailable' });

test('retry.backoff sets the wait after each attempt', async () => {
  const calls: string[] = [];
  const backoff = (attempt: number, { code }: FetchFailure): number => {
    calls.push(`${attempt} ${code}`);
    return attempt * 100;
  };

  expect(await requestTimes(unavailable, { maxAttempts: 4, backoff })).toEqual([0, 100, 300, 600]);
  expect(calls).toEqual(['1 ServiceUnavailable', '2 ServiceUnavailable', '3 ServiceUnavailable']);
});

test('retry.backoff may end the attempts before maxAttempts', async () => {
  expect(await requestTimes(unavailable, { backoff: (attempt) => (attempt < 2 ? 0 : undefined) })).toEqual([0, 0]);
});

test.each([
  ['NaN', () => Number.NaN],
  ['a negative number', () => -1],
  ['a promise', () => Promise.resolve(1) as never],
])('a retry.backoff that returns %s falls back to the default', async (_what, backoff) => {
  const times = await requestTimes(unavailable, { maxAttempts: 3, backoff });

  expect(times).toEqual([0, 125, 375]);
});

test('retry.backoff is capped at one minute', async () => {
  expect(await requestTimes(unavailable, { maxAttempts: 2, backoff: () => 10 * hour })).toEqual([0, 60_000]);
});

test('retry.classify retries a failure that is final by default', async () => {
  const rejected = new FetchFailure('rejected', 'Not ready.', { code: 'Custom.NotReady' });
  const classify = ({ code }: FetchFailure): { retry: true } | undefined =>
    code === 'Custom.NotReady' ? { retry: true } : undefined;

  expect(await requestTimes(rejected, { maxAttempts: 2, backoff: () => 10, classify })).toEqual([0]);
  const withFailover = (failure: FetchFailure): { retry: true; failover: true } | undefined =>
    classify(failure) && { retry: true, failover: true };
  expect(await requestTimes(rejected, { maxAttempts: 2, backoff: () => 10, classify: withFailover })).toEqual([0, 10]);
});

test('retry.classify ends the retries of a failure', async () => {
  expect(await requestTimes(unavailable, { classify: () => ({ retry: false }) })).toEqual([0]);
});

test('retry.classify may fail over a failure that is final by default', async () => {
  const { client, kms } = setUpClient({ hasFallback: true, retry: { classify: () => ({ failover: true }) } });
  kms.fail('rejected');

  expect((await client.get('db')).versionId).toBe('v1');
});

test.each(['denied', 'disabled', 'notFound'] as const)(
  'retry.classify cannot serve a secret that is %s',
  async (failure) => {
    const { client, kms, clock } = setUpClient({ ttl: '5m', retry: { classify: () => ({ serveStale: true }) } });
    await client.get('db');
    kms.fail(failure);

    await clock.pass('6m');

    expect(client.peek('db')).toBeUndefined();
    await expect(client.get('db')).rejects.toMatchObject({ secretName: 'db' });
  },
);

test.each([
  ['throws', (): never => runThrow()],
  ['returns a string', () => 'retry' as never],
  ['returns numbers', () => ({ retry: 1 }) as never],
])('a retry.classify that %s costs one warning and nothing else', async (_how, classify) => {
  const { client, kms, clock, lines } = setUpClient({ ttl: '5m', retry: { classify } });
  await client.get('db');
  kms.fail('unavailable');

  await clock.pass('20m');

  expect((await client.get('db')).stale).toBe(true);
  expect(lines.filter((line) => line.startsWith('warn retry.classify'))).toHaveLength(1);
});

function runThrow(): never {
  throw new Error('s3cret-classify');
}

test('refresh.ttlOf sets the TTL of a secret', async () => {
  const ttlOf = ({ type, name }: Secret): number | undefined => (type === 'Rds' || name === 'db' ? 60_000 : undefined);
  const { client } = setUpClient({ names: ['db', 'other'], ttl: '1h', refresh: { ttlOf } });

  await client.getMany(['db', 'other']);

  expect(client.describe().secrets.map(({ ttl }) => ttl)).toEqual([60_000, hour]);
});

test.each([
  ['0', () => 0, 1_000],
  ['a century', () => 3_155_760_000_000, 365 * 24 * hour],
  ['NaN', () => Number.NaN, hour],
  ['a string', () => '5m' as never, hour],
])('a refresh.ttlOf that returns %s is bounded or ignored', async (_what, ttlOf, ttl) => {
  const { client } = setUpClient({ ttl: '1h', refresh: { ttlOf } });

  await client.get('db');

  expect(client.describe().secrets).toMatchObject([{ ttl }]);
});

const refreshesIn = ({ client }: ClientFixture): number | undefined => client.describe().secrets[0]?.nextRefreshIn;

test('refresh.nextRefresh sets the time of the next refresh', async () => {
  const fixture = setUpClient({ refresh: { nextRefresh: ({ fetchedAt, ttl }) => fetchedAt + ttl / 4 } });

  await fixture.client.get('db');

  expect(refreshesIn(fixture)).toBe(hour / 4);
});

test.each([
  ['in the past', () => 0, 1_000],
  ['after the TTL', ({ fetchedAt }: { fetchedAt: number }) => fetchedAt + 10 * hour, hour],
])('a refresh.nextRefresh %s is bounded', async (_what, nextRefresh, expected) => {
  const fixture = setUpClient({ refresh: { nextRefresh } });

  await fixture.client.get('db');

  expect(refreshesIn(fixture)).toBe(expected);
});

test('refresh.nextRefresh receives the time of the fetch, also of a secret from a store', async () => {
  const fetchedAt: number[] = [];
  const nextRefresh = (times: FetchedTimes): number => {
    fetchedAt.push(times.fetchedAt);
    return Infinity;
  };
  const store = new FakeStore();
  const { client, clock } = setUpClient({ store, ttl: '1h', refresh: { nextRefresh } });
  store.put(dbRequest, storedSecret(clock, { age: 600_000 }));

  await client.get('db');

  expect(fetchedAt).toEqual([clock.date() - 600_000]);
});

test('a refresh.nextRefresh that throws does not end refreshes', async () => {
  const { client, clock, kms, lines } = setUpClient({ refresh: { nextRefresh: runThrow } });
  await client.get('db');
  kms.put('db', 'v2');

  await clock.pass('1h');

  expect(client.peek('db')?.versionId).toBe('v2');
  expect(lines.filter((line) => line.includes('refresh.nextRefresh failed'))).toHaveLength(1);
  expect(lines.join().includes('s3cret')).toBe(false);
});

test('plug-ins that are not functions are refused', () => {
  expect(() => setUpClient({ retry: { backoff: 100 as never }, refresh: { ttlOf: '5m' as never } })).toThrow(
    /refresh\.ttlOf[^]*a function[^]*retry\.backoff[^]*a function/u,
  );
});
