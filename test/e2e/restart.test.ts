import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { names } from '../load/fault-run.mjs';
import { openStorage } from '../load/stores.mjs';
import { start } from '../support/processes.mjs';
import type { Worker } from '../support/processes.mjs';

const script = new URL('restart-process.mjs', import.meta.url);
const id = 'restart';

interface Fixture {
  readonly kms: Worker;
  readonly startService: () => Promise<Worker>;
}

async function openFixture(stores: string): Promise<Fixture> {
  const kms = await start(new URL('../load/kms.mjs', import.meta.url), {});
  onTestFinished(() => kms.stop());
  const { location, close } = await openStorage(stores);
  onTestFinished(close);
  const address: unknown = await kms.request({ id, command: 'open', regions: ['cn-hangzhou'], names });
  const options = { ttl: '1s', preload: names };
  return {
    kms,
    async startService() {
      const service = await start(script, { kms: address, endpoints: 1, names, stores, location, options });
      onTestFinished(() => service.stop());
      return service;
    },
  };
}

test.each([
  ['file', 'exited'],
  ['file', 'was killed'],
  ['redis', 'exited'],
  ['redis', 'was killed'],
])('starts from its %s store while KMS is down, after the last process %s', async (stores, end) => {
  const { kms, startService } = await openFixture(stores);
  const before = await startService();
  await before.request('ready');
  const read: { versions: string[] } = await before.request('read');
  if (end === 'exited') {
    await before.stop();
  } else {
    await before.request('untilWritten');
    await before.kill();
  }
  await kms.request({ id, command: 'apply', steps: [['stop', 'cn-hangzhou'], ['clearRequests']] });
  await sleep(1_000); // longer than the TTL

  const after = await startService();
  await after.request('ready');

  expect(await after.request('read')).toEqual({
    versions: read.versions,
    stale: names,
    wrong: [],
    staleEvents: names.toSorted(),
  });
});
