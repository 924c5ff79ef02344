// @ts-check
import { createSecretClient, systemClock } from '@kms-secrets/core';
import { setTimeout as sleep } from 'node:timers/promises';
import { storesBy } from './stores.mjs';

/**
 * What a process needs to make a client: all of it JSON.
 * @typedef {object} ClientTask
 * @property {import('./kms.mjs').KmsAddress} kms
 * @property {number} endpoints how many of its regions are asked, in their order
 * @property {readonly string[]} names
 * @property {string} stores a name of `storesBy`
 * @property {string} place where the stores keep what they keep
 * @property {import('@kms-secrets/core').SecretClientOptions} [options]
 * @property {number} [slowdown] makes all waits and leases of the client longer by this factor, for a busy machine
 */

/** @param {ClientTask} task */
export function clientFor({ kms, endpoints, stores, place, options = {}, slowdown = 1 }) {
  const { caFilePath, accessKey } = kms;
  const { stores: made = [] } = storesBy[stores]?.(place) ?? {};
  return createSecretClient({
    credentials: accessKey,
    endpoints: kms.endpoints.slice(0, endpoints).map((endpoint) => ({ endpoint, caFilePath })),
    stores: [made].flat().map((store) => withLongerLeases(store, slowdown)),
    clock: slowClock(slowdown),
    ...options,
  });
}

/**
 * A clock whose timers take `slowdown` times as long, and whose time passes as much slower.
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
 * A shared store counts the time of a lease by its own clock.
 * @param {import('@kms-secrets/core').SecretStore} store
 * @param {number} slowdown
 */
function withLongerLeases(store, slowdown) {
  const lease = store.lease?.bind(store);
  return lease === undefined || slowdown === 1
    ? store
    : Object.assign(store, {
        /** @type {typeof lease} */
        lease: (request, ms) => lease(request, ms * slowdown),
      });
}

/**
 * Reads each name once, as a program does at its start.
 * @param {import('@kms-secrets/core').SecretClient} client
 * @param {readonly string[]} names
 */
export async function readOnce(client, names) {
  const begun = performance.now();
  const outcomes = await Promise.all(names.map((name) => outcomeOf(client.get(name))));
  /** @type {Record<string, number>} */
  const counts = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return { counts, ms: performance.now() - begun };
}

/**
 * Reads each name until it is in memory: on a machine that is busy enough, even a healthy KMS may take longer than a deadline.
 * @param {import('@kms-secrets/core').SecretClient} client
 * @param {readonly string[]} names
 */
export async function readAll(client, names) {
  const most = 6;
  for (let times = 1; times <= most; times += 1) {
    const { counts } = await readOnce(client, names);
    if (counts['fresh'] === names.length) return;
    if (times === most) throw new Error(`Not all could be read at first: ${JSON.stringify(counts)}`);
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
 * How long it takes until every secret in memory is fresh, and none is in trouble: milliseconds, or `undefined` if it takes longer
 * than `within`.
 * @param {import('@kms-secrets/core').SecretClient} client
 * @param {number} within
 */
export async function untilFresh(client, within) {
  const begun = performance.now();
  const isFresh = () =>
    client.describe().secrets.every(({ freshness, lastFailure }) => freshness === 'fresh' && lastFailure === undefined);
  while (!isFresh()) {
    if (performance.now() - begun > within) return undefined;
    await sleep(5);
  }
  return performance.now() - begun;
}
