// @ts-check
// Many processes that read the same secret: how many requests reach KMS, and how long a new version takes to reach all processes.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../support/processes.mjs';
import { openStorage } from './stores.mjs';

/** @typedef {import('../support/processes.mjs').Worker} Worker */
/** @typedef {import('./kms.mjs').Step} Step */
/** @typedef {import('./fleet-member.mjs').CurrentVersion} CurrentVersion */
/**
 * @typedef {object} FleetOptions
 * @property {number} processes
 * @property {string} stores a key of `storeOptions`
 * @property {import('@kms-secrets/core').SecretClientOptions} options
 * @property {number} [slowdown] see `ClientTask`
 * @property {number} timeout milliseconds within which a new version must reach every process
 */
/**
 * @typedef {object} FleetFigures
 * @property {string} event
 * @property {number} requests that the event caused at KMS
 * @property {number} storeFailures of all processes since they started; a process that cannot use the store fetches from KMS
 * @property {number} updated how many processes had the version in the end
 * @property {readonly number[]} delays milliseconds from the event to the version, one per process that had it, ascending
 */
/** @typedef {Awaited<ReturnType<typeof openFleet>>} Fleet */

const name = 'app/db';
const id = 'fleet';
const startConcurrency = 4;
/** Milliseconds since the epoch, with fractions; comparable between processes of one machine. */
const now = () => performance.timeOrigin + performance.now();

/** Starts processes that have read nothing yet. @param {FleetOptions} options */
async function openFleet({ processes, stores, options, timeout, slowdown }) {
  const kms = await start(new URL('kms.mjs', import.meta.url), {});
  const { location, redis, close } = await openStorage(stores);
  /** @type {Worker[]} */
  const members = [];
  const address = await kms.request({ id, command: 'open', regions: ['cn-hangzhou'], names: [name] });
  await startMembers(members, processes, {
    kms: address,
    endpoints: 1,
    names: [name],
    stores,
    location,
    options,
    slowdown,
  });
  return {
    members,
    redis,
    timeout,
    /** Returns the result of the last step. @param {readonly Step[]} steps */
    kms: (...steps) => kms.request({ id, command: 'apply', steps }),
    /** @returns {Promise<number>} */
    requests: () => kms.request({ id, command: 'requests' }),
    async close() {
      await Promise.all(members.map((member) => member.stop()));
      await kms.stop();
      await close();
    },
  };
}

/**
 * @template Result
 * @param {FleetOptions} options
 * @param {(fleet: Fleet) => Promise<Result>} use
 */
export async function withFleet(options, use) {
  const fleet = await openFleet(options);
  try {
    return await use(fleet);
  } finally {
    await fleet.close();
  }
}

/** All processes read the secret for the first time, at the same moment. @param {Fleet} fleet @returns {Promise<FleetFigures>} */
export async function startCold(fleet) {
  await fleet.kms(['clearRequests']);
  const startedAt = now();
  await Promise.all(fleet.members.map((member) => member.request({ command: 'read' })));
  return figuresOf(fleet, { event: 'cold start', startedAt, versions: await currentVersions(fleet) });
}

/** Rotates the secret and refreshes it in one process. @param {Fleet} fleet @returns {Promise<FleetFigures>} */
export async function rotate(fleet) {
  const rotated = await fleet.kms(['clearRequests'], ['rotate', name]);
  await fleet.members[0]?.request({ command: 'refresh' });
  const versions = await untilAllHave(fleet, rotated);
  // Delays are measured from the moment at which the first process has the version.
  const startedAt = Math.min(...versions.map(({ since }) => since));
  return figuresOf(fleet, { event: 'rotation', startedAt, versions });
}

/**
 * Kills the process that holds the lease while it waits for KMS and all other processes wait for it.
 * @param {Fleet} fleet whose processes have read nothing yet
 * @returns {Promise<FleetFigures>}
 */
export async function killLeaseHolder(fleet) {
  const [holder, ...others] = fleet.members;
  await fleet.kms(['clearRequests'], ['fault', { kind: 'hang' }, { times: 1 }]);
  holder?.request({ command: 'read' }).catch(() => {});
  while ((await fleet.requests()) === 0) await sleep(5);
  const reading = Promise.all(others.map((member) => member.request({ command: 'read' })));
  const startedAt = now();
  await holder?.kill();
  await reading;
  const survivors = { ...fleet, members: others };
  const versions = await currentVersions(survivors);
  return figuresOf(survivors, { event: 'lease holder killed', startedAt, versions });
}

/**
 * Reads continuously in all processes while Redis is killed, the secret is rotated, Redis is restarted, and the secret is
 * rotated again.
 * @param {Fleet} fleet whose processes have read the secret
 * @param {number} rate reads a second of each process
 */
export async function killRedis(fleet, rate) {
  await fleet.kms(['clearRequests']);
  await Promise.all(fleet.members.map((member) => member.request({ command: 'startReads', rate })));
  await fleet.redis?.kill();
  const startedAt = now();
  const rotated = await fleet.kms(['rotate', name]);
  const versions = await untilAllHave(fleet, rotated);
  const during = await figuresOf(fleet, { event: 'rotation without Redis', startedAt, versions });
  await fleet.redis?.start();
  const after = await rotate(fleet);
  /** @type {import('./paced-reads.mjs').ReadCounts[]} */
  const counts = await Promise.all(fleet.members.map((member) => member.request({ command: 'stopReads' })));
  const reads = counts.reduce((sum, count) => sum + count.reads, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  return { reads, failed, during, after: { ...after, event: 'rotation after Redis restarted' } };
}

/**
 * @param {Fleet} fleet
 * @param {{ event: string; startedAt: number; versions: readonly CurrentVersion[] }} observed
 */
async function figuresOf(fleet, { event, startedAt, versions }) {
  const delays = versions.map(({ since }) => since - startedAt).toSorted((one, other) => one - other);
  /** @type {number[]} */
  const failures = await Promise.all(fleet.members.map((member) => member.request({ command: 'storeFailures' })));
  const storeFailures = failures.reduce((sum, count) => sum + count, 0);
  return { event, requests: await fleet.requests(), storeFailures, updated: versions.length, delays };
}

/**
 * Starts a few processes at a time, so that the machine is not overloaded.
 * @param {Worker[]} members
 * @param {number} count
 * @param {unknown} task
 */
async function startMembers(members, count, task) {
  const script = new URL('fleet-member.mjs', import.meta.url);
  const remaining = Array(count).keys();
  await Promise.all(
    Array.from({ length: startConcurrency }, async () => {
      for (const _ of remaining) members.push(await start(script, task));
    }),
  );
}

/** @param {Pick<Fleet, 'members'>} fleet @returns {Promise<CurrentVersion[]>} */
async function currentVersions({ members }) {
  const versions = await Promise.all(members.map((member) => member.request({ command: 'currentVersion' })));
  return versions.filter((version) => version !== undefined);
}

/**
 * Waits until all processes have the version, or until the timeout. Returns one element for each process that has it.
 * @param {Fleet} fleet
 * @param {string} versionId
 */
async function untilAllHave(fleet, versionId) {
  const startedAt = performance.now();
  for (;;) {
    const versions = (await currentVersions(fleet)).filter((version) => version.versionId === versionId);
    if (versions.length === fleet.members.length || performance.now() - startedAt > fleet.timeout) return versions;
    await sleep(50);
  }
}
