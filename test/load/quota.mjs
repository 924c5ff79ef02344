// @ts-check
// Processes that start at the same moment and preload their secrets within one quota, from one fake KMS that throttles.
import { start } from '../support/processes.mjs';

/**
 * @typedef {object} QuotaRun
 * @property {number} processes
 * @property {number} names secrets that each process preloads
 * @property {number} quota requests per second of all processes together, on their slow clock
 * @property {boolean} supportsBatch
 */
/**
 * @typedef {object} QuotaFigures
 * @property {number} requests
 * @property {number} throttled
 * @property {readonly string[]} errors of processes that did not become ready
 * @property {number} lastReady milliseconds on the slow clock, from the start until the last process was ready
 * @property {number} ownTime milliseconds that the quota needs for the requests that it did not throttle
 */

const id = 'quota';
const startConcurrency = 4;
/** Milliseconds. On a busy machine, the processes need minutes to start. */
const processTimeout = 600_000;
const memberScript = new URL('quota-member.mjs', import.meta.url);
/**
 * Time passes more slowly for the clients and for the quota by this factor: otherwise twenty processes on two busy cores send fewer requests
 * than the quota allows, and nothing is throttled whatever the clients do.
 */
const slowdown = 4;
/** Twenty processes on a few cores: a connection may take seconds, which says nothing about the quota. */
const patience = { connectTimeout: '60s', attemptTimeout: '60s', deadline: '60s', readyTimeout: '5m' };

/** @param {QuotaRun} run @returns {Promise<QuotaFigures>} */
export async function startOnQuota({ processes, names: count, quota, supportsBatch }) {
  const kms = await start(new URL('kms.mjs', import.meta.url), {}, { timeout: processTimeout });
  /** @type {import('../support/processes.mjs').Worker[]} */
  const members = [];
  try {
    const names = Array.from({ length: count }, (_, index) => `app/secret-${index}`);
    const address = await kms.request({
      id,
      command: 'open',
      regions: ['cn-hangzhou'],
      names,
      options: { quota, supportsBatch },
      slowdown,
    });
    // A process that compiles its code meanwhile would measure the machine instead of the quota.
    const warmUp = await kms.request({
      id: 'warm-up',
      command: 'open',
      regions: ['cn-hangzhou'],
      names,
      options: { quota: false, supportsBatch },
    });
    const task = {
      kms: address,
      warmUp,
      endpoints: 1,
      names,
      stores: 'none',
      location: '',
      options: patience,
      slowdown,
    };
    const remaining = Array(processes).keys();
    await Promise.all(
      Array.from({ length: startConcurrency }, async () => {
        for (const _ of remaining) members.push(await start(memberScript, task, { timeout: processTimeout }));
      }),
    );
    const startedAt = performance.timeOrigin + performance.now();
    /** @type {import('./quota-member.mjs').StartResult[]} */
    const results = await Promise.all(members.map((member) => member.request({})));
    const requests = await kms.request({ id, command: 'requests' });
    const throttled = await kms.request({ id, command: 'throttled' });
    return {
      requests,
      throttled,
      errors: results.flatMap(({ error }) => error ?? []),
      lastReady: (Math.max(...results.map(({ readyAt = Number.NaN }) => readyAt)) - startedAt) / slowdown,
      ownTime: (requests - throttled) * (1_000 / quota),
    };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
    await kms.stop();
  }
}
