// @ts-check
// Reads continuously from a service while KMS has one incident after the other, and samples the service each second.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../support/processes.mjs';
import { openStorage } from '../stores.mjs';
import { names, refusable, regions, soakSchedule } from './schedule.mjs';

/** @typedef {import('../../support/processes.mjs').Worker} Worker */
/** @typedef {import('./reader.mjs').Sample & { at: number }} TimedSample `at`: seconds since the start */
/**
 * @typedef {object} Soak
 * @property {number} seconds
 * @property {number} seed
 * @property {string} stores a key of `storeOptions`
 * @property {import('./schedule.mjs').Schedule} schedule
 * @property {readonly TimedSample[]} samples
 * @property {import('./reader.mjs').FinalState} finalState
 * @property {readonly string[]} outdated names of secrets that were not their newest version at the end
 * @property {number} requests that reached KMS
 */

const id = 'soak';
/**
 * A collection pauses the process for some milliseconds, so there are few: one in ten seconds, but at least ten in a run.
 * @param {number} seconds
 */
const secondsBetweenCollections = (seconds) => Math.max(1, Math.min(10, Math.floor(seconds / 10)));

/**
 * @param {{ seconds: number; seed: number; rate: number; stores: string; log: (progress: string) => void }} options
 * @returns {Promise<Soak>}
 */
export async function soak({ seconds, seed, rate, stores, log }) {
  const schedule = soakSchedule({ seconds, seed });
  const timeout = (seconds + 180) * 1_000;
  const { location, close } = await openStorage(stores);
  const kms = await start(new URL('../kms.mjs', import.meta.url), {}, { timeout });
  try {
    const address = await kms.request({ id, command: 'open', regions, names: [...names, ...refusable] });
    const task = { kms: address, endpoints: regions.length, names, stores, location, options: { ttl: '2s' } };
    const launch = { timeout, flags: ['--expose-gc'] };
    const reader = await start(new URL('reader.mjs', import.meta.url), { task, refusable, rate }, launch);
    try {
      await reader.request('start');
      const { samples, newest } = await runSchedule({ kms, reader, schedule, seconds, log });
      /** @type {import('./reader.mjs').FinalState} */
      const finalState = await reader.request('end');
      const outdated = [...newest]
        .filter(([name, version]) => finalState.versions[name] !== version)
        .map(([name]) => name);
      const requests = await kms.request({ id, command: 'requests' });
      return { seconds, seed, stores, schedule, samples, finalState, outdated, requests };
    } finally {
      await reader.stop();
    }
  } finally {
    await kms.stop();
    await close();
  }
}

/**
 * @param {{ kms: Worker; reader: Worker; schedule: import('./schedule.mjs').Schedule; seconds: number; log: (progress: string) => void }} options
 */
async function runSchedule({ kms, reader, schedule, seconds, log }) {
  /** @type {TimedSample[]} */
  const samples = [];
  /** @type {Map<string, string>} the newest version of each secret that was rotated */
  const newest = new Map();
  const apply = (/** @type {readonly import('../kms.mjs').Step[]} */ steps) =>
    kms.request({ id, command: 'apply', steps });
  const tasks = [
    ...schedule.actions.map(({ at, steps }) => ({ at, run: () => apply(steps) })),
    ...schedule.rotations.map(({ at, name }) => ({
      at,
      run: async () => newest.set(name, await apply([['rotate', name]])),
    })),
    ...schedule.incidents.map(({ kind, from }) => ({ at: from, run: async () => log(kind) })),
    ...Array.from({ length: seconds }, (_, second) => ({
      at: second,
      run: async () => {
        const command = second % secondsBetweenCollections(seconds) === 0 ? 'sampleAfterGc' : 'sample';
        samples.push({ at: second, ...(await reader.request(command)) });
      },
    })),
  ].toSorted((one, other) => one.at - other.at);
  const startedAt = performance.now();
  for (const { at, run } of tasks) {
    await sleep(Math.max(0, at * 1_000 - (performance.now() - startedAt)));
    await run();
  }
  await sleep(Math.max(0, seconds * 1_000 - (performance.now() - startedAt)));
  return { samples, newest };
}
