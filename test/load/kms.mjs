// @ts-check
// KMS, in a process of its own, so that what it computes keeps no reader waiting. One process holds as many of them as are asked
// for, each with ports of its own: a fault in one is none in the others.
import { startFakeKms } from '@kms-secrets/testing';
import { answer } from '../support/processes.mjs';

/** @typedef {import('@kms-secrets/testing').FakeKms} FakeKms */
/**
 * A method of the fake, with what it is called with. Times, names and faults are all JSON.
 * @typedef {readonly [method: 'put' | 'rotate' | 'deny' | 'allow' | 'disable' | 'enable' | 'remove' | 'scheduleDeletion'
 *   | 'restore' | 'fault' | 'heal' | 'stop' | 'start' | 'clearRequests', ...args: readonly unknown[]]} Step
 */
/** @typedef {{ endpoints: string[]; caFilePath: string; accessKey: import('@kms-secrets/testing').FakeAccessKey }} KmsAddress */

/** @type {Map<string, FakeKms>} */
const open = new Map();

answer(
  'ready',
  ({ id, does, ...details }) => deeds[/** @type {keyof typeof deeds} */ (does)](id, details),
  async () => {
    await Promise.all(Array.from(open.values(), (kms) => kms.close()));
  },
);

const deeds = {
  /**
   * @param {string} id
   * @param {{ regions: string[]; names: string[] }} details
   * @returns {Promise<KmsAddress>}
   */
  async open(id, { regions, names }) {
    const kms = await startFakeKms({ regions });
    open.set(id, kms);
    for (const name of names) kms.put(name, `s3cret-${name}`);
    const endpoints = kms.endpoints.map(({ endpoint }) => endpoint);
    return { endpoints, caFilePath: kms.caFilePath, accessKey: kms.accessKey };
  },

  /**
   * One step after the other; returns what the last one returned.
   * @param {string} id
   * @param {{ steps: readonly Step[] }} details
   */
  async does(id, { steps }) {
    const kms = opened(id);
    let last;
    for (const [method, ...args] of steps) {
      // The one cast: which arguments belong to which method is known to who wrote the steps.
      last = await /** @type {(...args: readonly unknown[]) => unknown} */ (kms[method]).apply(kms, args);
    }
    return last;
  },

  /** How many requests came since they were cleared. @param {string} id */
  requests(id) {
    return opened(id).requests.length;
  },

  /** @param {string} id */
  async close(id) {
    await opened(id).close();
    open.delete(id);
  },
};

/** @param {string} id */
function opened(id) {
  const kms = open.get(id);
  if (kms === undefined) throw new Error(`There is no KMS ${id}.`);
  return kms;
}
