// @ts-check
import * as core from '@kms-secrets/core';
import * as redis from '@kms-secrets/redis';
import { setTimeout as sleep } from 'node:timers/promises';
import { storeOptions } from './stores.mjs';

/**
 * What a process needs to create a client. It is sent as JSON.
 * @typedef {object} ClientTask
 * @property {import('./kms.mjs').KmsAddress} kms
 * @property {number} endpoints how many of the endpoints in `kms` the client uses
 * @property {readonly string[]} names
 * @property {string} stores a key of `storeOptions`
 * @property {string} location where the stores keep their data
 * @property {import('@kms-secrets/core').SecretClientOptions} [options]
 * @property {number} [slowdown] factor by which all waits and leases of the client are longer, for a busy machine
 */

const { systemClock } = core;

/**
 * The packages that a client is made of; by default, the present ones.
 * @typedef {{ core: typeof core; redis: typeof redis }} Release
 */

/**
 * @param {ClientTask} task
 * @param {Release} [release]
 */
export function createClient(task, release = { core, redis }) {
  const { kms, endpoints, stores, location, options = {}, slowdown = 1 } = task;
  const { caFilePath, accessKey } = kms;
  const clock = slowClock(slowdown);
  const { stores: opened = [] } = storeOptions[stores]?.(location, { ...release, clock }) ?? {};
  return release.core.createSecretClient({
    credentials: accessKey,
    endpoints: kms.endpoints.slice(0, endpoints).map((endpoint) => ({ endpoint, caFilePath })),
    stores: [opened].flat().map((store) => withLongerLeases(store, slowdown)),
    clock,
    ...options,
  });
}

/**
 * A clock whose time passes more slowly by the factor, so that its timers take longer.
 * @param {number} slowdown
 * @returns {import('@kms-secrets/core').Clock}
 */
function slowClock(slowdown) {
  if (slowdown === 1) return systemClock;
  return {
    now: () => systemClock.now() / slowdown,
    cachedNow: () => systemClock.cachedNow() / slowdown,
    date: () => systemClock.date(),
    random: () => systemClock.random(),
    setTimer: (ms, task) => systemClock.setTimer(ms * slowdown, task),
    setUnrefTimer: (ms, task) => systemClock.setUnrefTimer(ms * slowdown, task),
  };
}

/**
 * A shared store measures leases with its own clock, so their durations must be longer too.
 * @param {import('@kms-secrets/core').SecretStore} store
 * @param {number} slowdown
 */
function withLongerLeases(store, slowdown) {
  const lease = store.lease?.bind(store);
  if (lease === undefined || slowdown === 1) return store;
  /** @type {typeof lease} */
  const longerLease = (request, ms) => lease(request, ms * slowdown);
  return Object.assign(store, { lease: longerLease });
}

/**
 * Reads each name once, as a program does when it starts.
 * @param {import('@kms-secrets/core').SecretClient} client
 * @param {readonly string[]} names
 */
export async function readOnce(client, names) {
  const startedAt = performance.now();
  const outcomes = await Promise.all(names.map((name) => outcomeOf(client.get(name))));
  /** @type {Record<string, number>} */
  const counts = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return { counts, ms: performance.now() - startedAt };
}

/**
 * Reads all names until every one is in memory. On a busy machine a read of a healthy KMS may exceed the deadline.
 * @param {import('@kms-secrets/core').SecretClient} client
 * @param {readonly string[]} names
 */
export async function readAll(client, names) {
  const maxAttempts = 6;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    const { counts } = await readOnce(client, names);
    if (counts['fresh'] === names.length) return;
    if (attempt === maxAttempts) throw new Error(`Not all secrets could be read: ${JSON.stringify(counts)}`);
  }
}

/**
 * `fresh`, `stale`, or the code of the error.
 * @param {Promise<import('@kms-secrets/core').Secret>} read
 * @returns {Promise<string>}
 */
export async function outcomeOf(read) {
  try {
    const { stale } = await read;
    return stale ? 'stale' : 'fresh';
  } catch (error) {
    const { code, name } = /** @type {{ code?: string; name: string }} */ (error);
    return code ?? name;
  }
}

/**
 * Waits until every secret in memory is fresh and no refresh is failing. Returns the milliseconds that took, or `undefined` if
 * it took longer than `timeout`.
 * @param {import('@kms-secrets/core').SecretClient} client
 * @param {number} timeout
 */
export async function untilFresh(client, timeout) {
  const startedAt = performance.now();
  const isFresh = () =>
    client.describe().secrets.every(({ freshness, lastFailure }) => freshness === 'fresh' && lastFailure === undefined);
  while (!isFresh()) {
    if (performance.now() - startedAt > timeout) return undefined;
    await sleep(5);
  }
  return performance.now() - startedAt;
}
