// @ts-check
// A service is read without pause while KMS has all kinds of trouble; each second it tells how it is.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../../support/processes.mjs';
import { openPlace } from '../stores.mjs';
import { names, refusable, regions, soakScript } from './script.mjs';

/** @typedef {import('../../support/processes.mjs').Asked} Asked */
/** @typedef {import('./reader.mjs').Sample & { at: number }} TimedSample `at` is the second it was taken in */
/**
 * @typedef {object} Soak
 * @property {number} seconds
 * @property {number} seed
 * @property {string} stores a name of `storesBy`
 * @property {import('./script.mjs').Script} script
 * @property {readonly TimedSample[]} samples
 * @property {import('./reader.mjs').Ending} ending
 * @property {readonly string[]} outdated names that were not their newest version in the end
 * @property {number} requests that KMS had
 */

const id = 'soak';
/**
 * A collection stops the process for some milliseconds: rarely enough not to be what is measured, and ten times at least.
 * @param {number} seconds
 */
const secondsBetweenCollections = (seconds) => Math.max(1, Math.min(10, Math.floor(seconds / 10)));

/**
 * @param {{ seconds: number; seed: number; rate: number; stores: string; say: (progress: string) => void }} choice
 * @returns {Promise<Soak>}
 */
export async function soak({ seconds, seed, rate, stores, say }) {
  const script = soakScript({ seconds, seed });
  const timeout = (seconds + 180) * 1_000;
  const { place, close } = await openPlace(stores);
  const kms = await start(new URL('../kms.mjs', import.meta.url), {}, { timeout });
  try {
    const address = await kms.ask({ id, does: 'open', regions, names: [...names, ...refusable] });
    const task = { kms: address, endpoints: regions.length, names, stores, place, options: { ttl: '2s' } };
    const launch = { timeout, flags: ['--expose-gc'] };
    const reader = await start(new URL('reader.mjs', import.meta.url), { task, refusable, rate }, launch);
    try {
      await reader.ask('begin');
      const { samples, newest } = await play({ kms, reader, script, seconds, say });
      /** @type {import('./reader.mjs').Ending} */
      const ending = await reader.ask('end');
      const outdated = [...newest].filter(([name, version]) => ending.versions[name] !== version).map(([name]) => name);
      return {
        seconds,
        seed,
        stores,
        script,
        samples,
        ending,
        outdated,
        requests: await kms.ask({ id, does: 'requests' }),
      };
    } finally {
      await reader.stop();
    }
  } finally {
    await kms.stop();
    await close();
  }
}

/**
 * @param {{ kms: Asked; reader: Asked; script: import('./script.mjs').Script; seconds: number; say: (progress: string) => void }} parts
 */
async function play({ kms, reader, script, seconds, say }) {
  /** @type {TimedSample[]} */
  const samples = [];
  /** @type {Map<string, string>} the newest version of each secret that was rotated */
  const newest = new Map();
  const does = (/** @type {readonly import('../kms.mjs').Step[]} */ steps) => kms.ask({ id, does: 'does', steps });
  const acts = [
    ...script.deeds.map(({ at, steps }) => ({ at, act: () => does(steps) })),
    ...script.rotations.map(({ at, name }) => ({
      at,
      act: async () => newest.set(name, await does([['rotate', name]])),
    })),
    ...script.troubles.map(({ kind, from }) => ({ at: from, act: async () => say(kind) })),
    ...Array.from({ length: seconds }, (_, second) => ({
      at: second,
      act: async () => {
        const question = second % secondsBetweenCollections(seconds) === 0 ? 'collect' : 'look';
        samples.push({ at: second, ...(await reader.ask(question)) });
      },
    })),
  ].toSorted((one, other) => one.at - other.at);
  const begun = performance.now();
  for (const { at, act } of acts) {
    await sleep(Math.max(0, at * 1_000 - (performance.now() - begun)));
    await act();
  }
  await sleep(Math.max(0, seconds * 1_000 - (performance.now() - begun)));
  return { samples, newest };
}
