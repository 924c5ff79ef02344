// @ts-check
// The fake KMS in its own process, so that its work does not delay a reader. One process can run several, each with its own ports:
// a fault in one does not affect the others.
import { startFakeKms } from '@kms-secrets/testing';
import { serve } from '../support/processes.mjs';

/** @typedef {import('@kms-secrets/testing').FakeKms} FakeKms */
/** @typedef {import('@kms-secrets/testing').FakeKmsOptions} FakeKmsOptions */
/**
 * A method of the fake KMS and its arguments, which are all JSON.
 * @typedef {readonly [method: 'put' | 'rotate' | 'deny' | 'allow' | 'disable' | 'enable' | 'remove' | 'scheduleDeletion'
 *   | 'restore' | 'fault' | 'heal' | 'stop' | 'start' | 'clearRequests', ...args: readonly unknown[]]} Step
 */
/** @typedef {{ endpoints: string[]; caFilePath: string; accessKey: import('@kms-secrets/testing').FakeAccessKey }} KmsAddress */

/** @type {Map<string, FakeKms>} */
const instances = new Map();

serve(
  'ready',
  ({ id, command, ...details }) => commands[/** @type {keyof typeof commands} */ (command)](id, details),
  async () => {
    await Promise.all(Array.from(instances.values(), (kms) => kms.close()));
  },
);

const commands = {
  /**
   * @param {string} id
   * `slowdown`: factor by which time passes more slowly for the quota, as it does for the clients.
   * @param {{ regions: string[]; names: string[]; options?: Pick<FakeKmsOptions, 'quota' | 'supportsBatch'>; slowdown?: number }} details
   * @returns {Promise<KmsAddress>}
   */
  async open(id, { regions, names, options, slowdown = 1 }) {
    const openedAt = Date.now();
    const clock = { date: () => openedAt + (Date.now() - openedAt) / slowdown };
    const kms = await startFakeKms({ regions, ...options, clock });
    instances.set(id, kms);
    for (const name of names) kms.put(name, `s3cret-${name}`);
    const endpoints = kms.endpoints.map(({ endpoint }) => endpoint);
    return { endpoints, caFilePath: kms.caFilePath, accessKey: kms.accessKey };
  },

  /**
   * Runs the steps in order; returns the result of the last one.
   * @param {string} id
   * @param {{ steps: readonly Step[] }} details
   */
  async apply(id, { steps }) {
    const kms = instance(id);
    let last;
    for (const [method, ...args] of steps) {
      // The only cast: the caller knows which arguments a method takes.
      last = await /** @type {(...args: readonly unknown[]) => unknown} */ (kms[method]).apply(kms, args);
    }
    return last;
  },

  /** The number of requests since the last `clearRequests`. @param {string} id */
  requests(id) {
    return instance(id).requests.length;
  },

  /** The number of requests since the last `clearRequests` that were throttled. @param {string} id */
  throttled(id) {
    return instance(id).requests.filter(({ code }) => code?.includes('Throttling')).length;
  },

  /** @param {string} id */
  async close(id) {
    await instance(id).close();
    instances.delete(id);
  },
};

/** @param {string} id */
function instance(id) {
  const kms = instances.get(id);
  if (kms === undefined) throw new Error(`There is no KMS ${id}.`);
  return kms;
}
