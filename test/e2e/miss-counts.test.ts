import { startFakeKms } from '@kms-secrets/testing';
import { expect, onTestFinished, test } from 'vitest';
import { collectionFlags } from '../support/counts.mjs';
import { run } from '../support/processes.mjs';

// A fetch takes about as much CPU time as it creates objects. Its counts are the same on every machine, its time is not.
interface Counts {
  readonly promises: number;
  readonly timers: number;
  readonly abortControllers: number;
}

interface Result extends Record<'get' | 'refresh', Counts> {
  readonly promotedBytes: number;
}

async function countInProcess(): Promise<Result> {
  const kms = await startFakeKms({ quota: false });
  onTestFinished(() => kms.close());
  const names = Array.from({ length: 20 }, (_, index) => `app/secret-${index}`);
  for (const name of names) kms.put(name, `s3cret-${name}`);

  const script = new URL('miss-counts-process.mjs', import.meta.url);
  return run(script, { names }, { env: kms.environment(), flags: collectionFlags }) as Promise<Result>;
}

test('a read from KMS creates few promises and timers, and no AbortController', async () => {
  const { get, refresh } = await countInProcess();

  for (const { promises, timers, abortControllers } of [get, refresh]) {
    expect(promises).toBeLessThanOrEqual(18);
    expect(timers).toBeLessThanOrEqual(2.5); // the refresh of the first secret sets one more
    expect(abortControllers).toBe(0);
  }
});

// An old object that a fetch leaves behind keeps the whole fetch alive until the next full collection.
test('a refresh leaves little in the old generation', async () => {
  const { promotedBytes } = await countInProcess();

  expect(promotedBytes).toBeLessThanOrEqual(1_000);
});
