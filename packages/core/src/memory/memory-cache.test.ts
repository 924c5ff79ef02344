import { expect, test } from 'vitest';
import { Secret } from '../secret/secret.ts';
import { cacheKey, requestOfKey } from '../secret/cache-key.ts';
import { heapUsed } from '../secret/heap-used.fixture.ts';
import { Entry, freshnessOf } from './entry.ts';
import { ticksOf } from '../time/ticks.ts';
import { MemoryCache } from './memory-cache.ts';

function entry(fetchedAt: number, versionId = 'v1', key = 'db'): Entry {
  const secret = new Secret({ name: 'db', versionId, value: 's3cret-db', dataType: 'text' });
  return new Entry({ key, secret, fetchedAt, ttl: 1_000, readAt: ticksOf(0) });
}

test('does not replace an entry that was fetched later', () => {
  const cache = new MemoryCache();
  const later = entry(20);
  cache.store(later);

  expect(cache.store(entry(10, 'v2'))).toBe(false);
  expect(cache.lookup('db')).toBe(later);
});

test('finds the keys of a name in every stage and version', () => {
  const cache = new MemoryCache();
  const requests = [
    { name: 'db', stage: 'ACSCurrent' },
    { name: 'db', stage: 'ACSPrevious' },
    { name: 'db', versionId: 'v1' },
    { name: 'db2', stage: 'ACSCurrent' },
  ];
  const keys = requests.map((request) => cacheKey(request, 'ACSCurrent'));
  for (const key of keys) cache.store(entry(0, 'v1', key));

  expect(cache.keysOf('db')).toEqual(keys.slice(0, 3));
  expect(new Set(keys).size).toBe(4);
});

test('rebuilds the request from its cache key', () => {
  const requests = [
    { name: 'db', stage: 'ACSCurrent', versionId: undefined },
    { name: 'db', stage: 'ACSPrevious', versionId: undefined },
    { name: 'db', stage: undefined, versionId: 'v1' },
    { name: 'acs:kms:cn-hangzhou:1:secret/db', stage: 'ACSPrevious', versionId: 'v1' },
  ];

  expect(requests.map((request) => requestOfKey(cacheKey(request, 'ACSCurrent'), 'ACSCurrent'))).toEqual(requests);
});

test.each([
  [0, 'fresh'],
  [999, 'fresh'],
  [1_000, 'stale'],
  [5_999, 'stale'],
  [6_000, 'expired'],
])('at age %i ms with TTL 1,000 and staleIfError 5,000 a secret is %s', (now, freshness) => {
  expect(freshnessOf(entry(0), now, 5_000)).toBe(freshness);
});

test('finds the keys of one name among 100,000 without a scan', () => {
  const cache = new MemoryCache();
  const names = Array.from({ length: 100_000 }, (_, index) => `name-${index}`);
  for (const name of names) cache.store(entry(0, 'v1', name));

  // A scan of all entries per name would take an hour.
  expect(names.filter((name) => cache.keysOf(name).length === 1).length).toBe(names.length);
});

test('needs no memory for secrets that were deleted', () => {
  const cache = new MemoryCache();
  const before = heapUsed();

  for (let index = 0; index < 50_000; index += 1) {
    const key = cacheKey({ name: `db-${index}`, stage: 'ACSPrevious' }, 'ACSCurrent');
    cache.store(entry(0, 'v1', key));
    cache.delete(key);
  }

  expect(heapUsed() - before).toBeLessThan(5_000_000);
  expect(cache.size).toBe(0);
});
