import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { cacheKey } from '../secret/cache-key.ts';
import { AccessDeniedError } from '../secret/errors.ts';
import { heapUsed } from '../secret/heap-used.fixture.ts';
import { CachedErrors } from './cached-errors.ts';
import { Pins } from './pins.ts';
import { Refusals } from './refusals.ts';

const error = new AccessDeniedError('KMS denies access to "db"', { secretName: 'db' });
const errors = new CachedErrors(new FakeClock(), 10_000);
const refusals = new Refusals(new FakeClock(), () => {});
const pins = new Pins({ limit: 10, preloaded: [], logger: { warn() {}, error() {}, info() {}, debug() {} } });

/** Names may come from requests: what stays of each would grow without a bound. */
test.each<[string, { readonly size: number; delete(key: string): void }, (key: string) => void]>([
  ['a cached error', errors, (key) => errors.set(key, error)],
  ['a refusal', refusals, (key) => refusals.record(key, error, { versionId: 'v1', isListed: true })],
  ['a pin', { size: pins.size, delete: (key) => void pins.release(key) }, (key) => pins.add(key)],
])('needs no memory for the name of %s that was removed', (_, collection, add) => {
  const before = heapUsed();

  for (let index = 0; index < 50_000; index += 1) {
    const key = cacheKey({ name: `db-${index}`, stage: 'ACSPrevious' }, 'ACSCurrent');
    add(key);
    collection.delete(key);
  }

  expect(heapUsed() - before).toBeLessThan(5_000_000);
  expect(collection.size).toBe(0);
});
