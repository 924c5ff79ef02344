import { createSecretClient } from '@kms-secrets/core';
import { FakeClock, FakeTransport } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';

test('an hour without KMS at 1,000 reads a second fails no read', async () => {
  const clock = new FakeClock();
  const kms = new FakeTransport();
  const names = ['db', 'cache', 'mail', 'queue'];
  for (const name of names) kms.put(name, 'v1');
  const client = createSecretClient({ endpoints: [kms], clock, ttl: '5m' });
  onTestFinished(() => client.close());
  await client.getMany(names);
  kms.requests.length = 0;

  kms.fail('unreachable');
  const counts = { fresh: 0, stale: 0 };
  for (let second = 0; second < 3_600; second += 1) {
    await clock.pass('1s');
    const reads = Array.from({ length: 1_000 }, (_, read) => client.get(names[read % names.length] ?? ''));
    for (const secret of await Promise.all(reads)) counts[secret.stale ? 'stale' : 'fresh'] += 1;
  }
  kms.heal();
  await clock.pass('2m');
  const after = await client.getMany(names);

  expect(counts.fresh + counts.stale).toBe(3_600_000);
  expect(counts.stale).toBeGreaterThan(3_000_000);
  // Five attempts per secret and refresh; the wait between refreshes grows to between 15 s and 30 s.
  expect(kms.requests.length).toBeLessThan((3_600 / 15) * 5 * names.length);
  expect(Object.values(after).map(({ stale }) => stale)).toEqual([false, false, false, false]);
});
