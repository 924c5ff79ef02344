import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { names } from '../load/fault-run.mjs';
import { openPlace } from '../load/stores.mjs';
import { start } from '../support/processes.mjs';
import type { Asked } from '../support/processes.mjs';

const script = new URL('restart-process.mjs', import.meta.url);
const id = 'restart';

interface Stage {
  readonly kms: Asked;
  /** A service with these stores, started. */
  readonly startService: () => Promise<Asked>;
}

async function openStage(stores: string): Promise<Stage> {
  const kms = await start(new URL('../load/kms.mjs', import.meta.url), {});
  onTestFinished(() => kms.stop());
  const { place, close } = await openPlace(stores);
  onTestFinished(close);
  const address: unknown = await kms.ask({ id, does: 'open', regions: ['cn-hangzhou'], names });
  const options = { ttl: '1s', preload: names };
  return {
    kms,
    async startService() {
      const service = await start(script, { kms: address, endpoints: 1, names, stores, place, options });
      onTestFinished(() => service.stop());
      return service;
    },
  };
}

test.each([
  ['file', 'ends'],
  ['file', 'is killed'],
  ['redis', 'ends'],
  ['redis', 'is killed'],
])(
  'with KMS down, a service gets ready with what the one before it left in its %s store, which %s',
  async (stores, end) => {
    const { kms, startService } = await openStage(stores);
    const before = await startService();
    await before.ask('ready');
    const read: { versions: string[] } = await before.ask('read');
    if (end === 'ends') {
      await before.stop();
    } else {
      await before.ask('written');
      await before.kill();
    }
    await kms.ask({ id, does: 'does', steps: [['stop', 'cn-hangzhou'], ['clearRequests']] });
    await sleep(1_000); // older than its TTL

    const after = await startService();
    await after.ask('ready');

    expect(await after.ask('read')).toEqual({
      versions: read.versions,
      stale: names,
      wrong: [],
      toldStale: names.toSorted(),
    });
  },
);
