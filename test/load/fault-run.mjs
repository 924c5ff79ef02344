// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../support/processes.mjs';
import { openStorage } from './stores.mjs';

/** @typedef {import('../support/processes.mjs').Worker} Worker */
/** @typedef {import('./fault-list.mjs').Fault} Fault */
/** @typedef {import('./reader.mjs').LoadFigures} LoadFigures */
/**
 * @typedef {object} Configuration
 * @property {number} endpoints
 * @property {'primary' | 'all'} faultAt the endpoints at which the fault is injected
 * @property {string} stores a key of `storeOptions`
 */
/**
 * @typedef {object} FaultRunOptions
 * @property {Fault} fault
 * @property {Configuration} configuration
 * @property {number} ms how long reads continue during the fault
 * @property {number} rate reads a second
 * @property {string} [coldStartDeadline] `deadline` of a process that starts during the fault; without it, none is started
 * @property {boolean} [waitForRecovery] whether to end the fault and wait until every secret is fresh
 */
/**
 * @typedef {object} FaultRun
 * @property {string} fault
 * @property {Configuration} configuration
 * @property {LoadFigures} figures of the reads during the fault
 * @property {number} requests that reached KMS during the fault
 * @property {{ counts: Record<string, number>; ms: number } | undefined} coldStart what a process reads that starts during the fault
 * @property {number | undefined} recoveredAfter milliseconds from the end of the fault until every secret was fresh; `undefined`
 *   if that was not awaited, or did not happen
 */

const regions = ['cn-hangzhou', 'cn-shanghai', 'cn-beijing'];
export const names = ['app/db', 'app/cache', 'app/mail', 'app/queue'];

/** Starts the fake KMS and the reader, each in its own process. */
export async function openFixture({ timeout = 1_800_000 } = {}) {
  const kms = await start(new URL('kms.mjs', import.meta.url), {}, { timeout });
  const reader = await start(new URL('reader.mjs', import.meta.url), {}, { timeout });
  return {
    kms,
    reader,
    async close() {
      await Promise.all([kms.stop(), reader.stop()]);
    },
  };
}

let runs = 0;

/**
 * Reads from a client that has every secret in memory, at a steady rate; injects the fault; counts the reads from then on.
 * @param {{ kms: Worker; reader: Worker }} fixture
 * @param {FaultRunOptions} options
 * @returns {Promise<FaultRun>}
 */
export async function runFault(
  { kms, reader },
  { fault, configuration, ms, rate, coldStartDeadline, waitForRecovery = false },
) {
  runs += 1;
  const id = `${process.pid}-${runs}`;
  const { endpoints, faultAt, stores } = configuration;
  const opened = regions.slice(0, endpoints);
  const { location, close } = await openStorage(stores);
  try {
    const address = await kms.request({ id, command: 'open', regions: opened, names });
    // The minimum TTL: every secret is due for a refresh during the fault, more than once.
    const task = { kms: address, endpoints, names, stores, location, options: { ttl: '1s' } };
    await reader.request({ id, command: 'open', task, rate });
    await sleep(200);
    const target = { regions: faultAt === 'all' ? opened : opened.slice(0, 1), names };
    await kms.request({ id, command: 'apply', steps: [['clearRequests'], ...fault.steps(target)] });
    await reader.request({ id, command: 'resetCounts' });
    await sleep(ms);
    // To observe the recovery the reads must continue: a secret that is not read need not become fresh.
    const figures = await reader.request({ id, command: waitForRecovery ? 'figures' : 'stopReads' });
    const requests = await kms.request({ id, command: 'requests' });
    const coldTask = { ...task, options: { ...task.options, deadline: coldStartDeadline } };
    const coldStart = coldStartDeadline && (await reader.request({ id, command: 'coldStart', task: coldTask }));
    const recoveredAfter = waitForRecovery ? await recover({ kms, reader, id, regions: opened }) : undefined;
    await reader.request({ id, command: 'close' });
    await kms.request({ id, command: 'close' });
    return { fault: fault.name, configuration, figures, requests, coldStart, recoveredAfter };
  } finally {
    await close();
  }
}

/**
 * Ends the fault and waits until every secret is fresh.
 * @param {{ kms: Worker; reader: Worker; id: string; regions: readonly string[] }} options
 */
async function recover({ kms, reader, id, regions: stopped }) {
  await kms.request({ id, command: 'apply', steps: [['heal'], ...stopped.map((region) => ['start', region])] });
  return reader.request({ id, command: 'untilFresh', timeout: 60_000 });
}
