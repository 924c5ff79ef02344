// @ts-check
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../support/processes.mjs';
import { openPlace } from './stores.mjs';

/** @typedef {import('../support/processes.mjs').Asked} Asked */
/** @typedef {import('./fault-list.mjs').Fault} Fault */
/** @typedef {import('./reader.mjs').LoadFigures} LoadFigures */
/**
 * @typedef {object} Configuration
 * @property {number} endpoints
 * @property {'first' | 'all'} struck which of them the fault strikes
 * @property {string} stores a name of `storesBy`
 */
/**
 * @typedef {object} FaultChoice
 * @property {Fault} fault
 * @property {Configuration} configuration
 * @property {number} ms how long it is read under the fault
 * @property {number} rate reads a second
 * @property {string} [restartDeadline] how long a process that starts then waits for its secrets; without it, none is started
 * @property {boolean} [heals] whether the end of the fault is awaited, and what comes then
 */
/**
 * @typedef {object} FaultRun
 * @property {string} fault
 * @property {Configuration} configuration
 * @property {LoadFigures} figures of what was read under the fault
 * @property {number} requests that KMS had for it
 * @property {{ counts: Record<string, number>; ms: number } | undefined} restart what a process got that started under the fault
 * @property {number | undefined} healedWithin milliseconds from the end of the fault until all was fresh; `undefined`: it was not awaited, or in vain
 */

const regions = ['cn-hangzhou', 'cn-shanghai', 'cn-beijing'];
export const names = ['app/db', 'app/cache', 'app/mail', 'app/queue'];

/** KMS and the reader, each in a process of its own. */
export async function openStage({ timeout = 1_800_000 } = {}) {
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
 * A client with everything in memory is read at a steady pace; the fault strikes; the reads from then on count.
 * @param {{ kms: Asked; reader: Asked }} stage
 * @param {FaultChoice} choice
 * @returns {Promise<FaultRun>}
 */
export async function runFault({ kms, reader }, { fault, configuration, ms, rate, restartDeadline, heals = false }) {
  runs += 1;
  const id = `${process.pid}-${runs}`;
  const { endpoints, struck, stores } = configuration;
  const asked = regions.slice(0, endpoints);
  const { place, close } = await openPlace(stores);
  try {
    const address = await kms.ask({ id, does: 'open', regions: asked, names });
    // The shortest TTL there is: every secret comes due under the fault, and then again.
    const task = { kms: address, endpoints, names, stores, place, options: { ttl: '1s' } };
    await reader.ask({ id, does: 'begin', task, rate });
    await sleep(200);
    const where = { regions: struck === 'all' ? asked : asked.slice(0, 1), names };
    await kms.ask({ id, does: 'does', steps: [['clearRequests'], ...fault.strike(where)] });
    await reader.ask({ id, does: 'startCounting' });
    await sleep(ms);
    // Where the end of the fault is awaited, reading goes on: a secret that nobody reads need not become fresh.
    const figures = await reader.ask({ id, does: heals ? 'figures' : 'stop' });
    const requests = await kms.ask({ id, does: 'requests' });
    const restarted = { ...task, options: { ...task.options, deadline: restartDeadline } };
    const restart = restartDeadline && (await reader.ask({ id, does: 'restart', task: restarted }));
    const healedWithin = heals ? await untilHealed({ kms, reader, id, regions: asked }) : undefined;
    await reader.ask({ id, does: 'end' });
    await kms.ask({ id, does: 'close' });
    return { fault: fault.name, configuration, figures, requests, restart, healedWithin };
  } finally {
    await close();
  }
}

/** @param {{ kms: Asked; reader: Asked; id: string; regions: readonly string[] }} parts */
async function untilHealed({ kms, reader, id, regions: stopped }) {
  await kms.ask({ id, does: 'does', steps: [['heal'], ...stopped.map((region) => ['start', region])] });
  return reader.ask({ id, does: 'untilFresh', within: 60_000 });
}
