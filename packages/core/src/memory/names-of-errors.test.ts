import { FakeClock } from '@kms-secrets/testing';
import { expect, test } from 'vitest';
import { cacheKey } from '../secret/cache-key.ts';
import { AccessDeniedError } from '../secret/errors.ts';
import { heapUsed } from '../secret/heap-used.fixture.ts';
import { CachedErrors } from './cached-errors.ts';
import { Refusals } from './refusals.ts';

const error = new AccessDeniedError('KMS denies access to "db"', { secretName: 'db' });
const refused = { versionId: 'v1', isListed: true };

/** Names may come from requests: what stays of each would grow without a bound. */
test.each([
  ['a cached error', new CachedErrors(new FakeClock(), 10_000)],
  ['a refusal', new Refusals(new FakeClock(), () => {})],
] as const)('needs no memory for the name of %s that was deleted', (_, errors) => {
  const before = heapUsed();

  for (let index = 0; index < 50_000; index += 1) {
    const key = cacheKey({ name: `db-${index}`, stage: 'ACSPrevious' }, 'ACSCurrent');
    if (errors instanceof Refusals) errors.record(key, error, refused);
    else errors.set(key, error);
    errors.delete(key);
  }

  expect(heapUsed() - before).toBeLessThan(5_000_000);
  expect(errors.size).toBe(0);
});
