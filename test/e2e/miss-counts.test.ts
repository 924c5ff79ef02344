import { startFakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { run } from '../support/processes.mjs';

// A fetch takes about as much CPU time as it creates objects. Its counts are the same on every machine, its time is not.
test('a read from KMS creates few promises and timers, and no AbortController', async () => {
  const kms = await startFakeKms({ quota: false });
  onTestFinished(() => kms.close());
  const names = Array.from({ length: 20 }, (_, index) => `app/secret-${index}`);
  for (const name of names) kms.put(name, `s3cret-${name}`);

  const counts = (await run(
    new URL('miss-counts-process.mjs', import.meta.url),
    { names },
    { env: kms.environment() },
  )) as Record<'get' | 'refresh', { promises: number; timers: number; abortControllers: number }>;

  for (const { promises, timers, abortControllers } of [counts.get, counts.refresh]) {
    expect(promises).toBeLessThanOrEqual(24);
    expect(timers).toBeLessThanOrEqual(3.5); // the refresh of the first secret sets one more
    expect(abortControllers).toBe(0);
  }
});
