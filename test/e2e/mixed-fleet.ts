import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { ReadCounts } from '../load/paced-reads.mjs';
import type { Step } from '../load/kms.mjs';
import { openStorage } from '../load/stores.mjs';
import { start } from '../support/processes.mjs';
import type { LaunchOptions, Worker } from '../support/processes.mjs';

/** A process of one release. `read` and `refresh` return the version or the code of the error for each name. */
interface Member {
  readonly ready: () => Promise<void>;
  readonly read: (names: readonly string[]) => Promise<string[]>;
  readonly refresh: (names: readonly string[]) => Promise<string[]>;
  readonly settled: () => Promise<void>;
  readonly startReads: (names: readonly string[]) => Promise<void>;
  readonly stopReads: () => Promise<ReadCounts>;
  readonly stop: () => Promise<void>;
}

export interface MixedFleet {
  readonly kms: (...steps: Step[]) => Promise<unknown>;
  /** The requests that reached KMS since the last call. */
  readonly requests: () => Promise<number>;
  /** Starts a process of the release in this folder. */
  readonly start: (release: string) => Promise<Member>;
}

export interface MixedFleetOptions {
  readonly stores: 'redis' | 'file';
  readonly names: readonly string[];
  readonly options: object;
  readonly slowdown?: number;
}

const id = 'mixed';
/** A process ends with the first unhandled rejection, whatever Node's default is. */
const launch: LaunchOptions = { flags: ['--unhandled-rejections=strict'] };

/** Processes of several releases that share one store and one KMS. */
export async function openMixedFleet({ stores, names, options, slowdown = 1 }: MixedFleetOptions): Promise<MixedFleet> {
  const kms = await start(new URL('../load/kms.mjs', import.meta.url), {});
  onTestFinished(() => kms.stop());
  const { location, close } = await openStorage(stores);
  onTestFinished(close);
  const address: unknown = await kms.request({ id, command: 'open', regions: ['cn-hangzhou'], names });
  const apply = (...steps: Step[]): Promise<unknown> => kms.request({ id, command: 'apply', steps });
  return {
    kms: apply,
    async requests() {
      const count = (await kms.request({ id, command: 'requests' })) as number; // the only type it returns
      await apply(['clearRequests']);
      return count;
    },
    async start(release) {
      const task = { release, kms: address, endpoints: 1, names, stores, location, options, slowdown };
      const worker = await start(new URL('upgrade-process.mjs', import.meta.url), task, launch);
      onTestFinished(() => worker.stop());
      return memberOf(worker);
    },
  };
}

function memberOf(worker: Worker): Member {
  const call =
    (command: string) =>
    async (names?: readonly string[]): Promise<never> =>
      worker.request({ command, names }) as Promise<never>; // JSON whose shape `upgrade-process.mjs` defines
  return {
    ready: call('ready'),
    read: call('read'),
    refresh: call('refresh'),
    settled: call('settled'),
    startReads: call('startReads'),
    stopReads: call('stopReads'),
    stop: () => worker.stop(),
  };
}

/** Resolves to how many members have this version, or this error code, for the name: all of them, or those after 30 s. */
export async function countWith(members: readonly Member[], name: string, expected: string): Promise<number> {
  const endAt = performance.now() + 30_000;
  for (;;) {
    const found = await Promise.all(members.map((member) => member.read([name])));
    const count = found.filter(([version]) => version === expected).length;
    if (count === members.length || performance.now() > endAt) return count;
    await sleep(100);
  }
}
