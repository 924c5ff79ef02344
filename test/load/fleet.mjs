// @ts-check
// Many processes that hold the same secret: how often KMS is asked, and how long a rotation that one of them sees takes to be
// everywhere.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { columns } from '../support/columns.mjs';
import { start } from '../support/processes.mjs';

/** @typedef {import('../support/processes.mjs').Asked} Asked */
/**
 * @typedef {object} FleetFigures
 * @property {number} processes
 * @property {string} stores
 * @property {number} coldRequests to KMS, until every process had its secret
 * @property {number} rotationRequests to KMS, from the rotation until every process had the new version
 * @property {number} fresh how many had it in the end
 * @property {readonly number[]} spread milliseconds from when the first one had it, one for each process, ascending
 */

/** What the processes share, and how old a value gets in each: where they share nothing, its end is all they can go by. */
const fleets = [{ stores: 'none', ttl: '1s' }];
const name = 'app/db';
const atOnce = 4;

/** @type {import('./faults.mjs').Group} */
export async function fleetTable({ say, processes }) {
  /** @type {FleetFigures[]} */
  const found = [];
  for (const { stores, ttl } of fleets) {
    say(`a fleet of ${processes} processes, stores: ${stores}`);
    found.push(await rotateInFleet({ processes, stores, ttl, within: 10_000 }));
  }
  const head = ['processes', 'stores', 'KMS requests cold', 'for the rotation', 'fresh', 'p50 ms', 'p99 ms', 'max ms'];
  const lines = found.map(({ processes: count, stores, coldRequests, rotationRequests, fresh, spread }) => [
    `${count}`,
    stores,
    ...[coldRequests, rotationRequests, fresh].map(String),
    ...[0.5, 0.99, 1].map((share) => quantile(spread, share).toFixed(1)),
  ]);
  return {
    text: columns([head, ...lines], (column) => column !== 1),
    results: found,
    verdicts: found.map(({ stores, fresh }) => ({
      says: `every process has the new version, stores: ${stores}`,
      holds: fresh === processes,
    })),
  };
}

/**
 * @param {{ processes: number; stores: string; ttl: string; within: number; place?: string }} choice all must be fresh `within`
 *   so many milliseconds; `place` is the address of what they share, a folder without it
 * @returns {Promise<FleetFigures>}
 */
export async function rotateInFleet({ processes, stores, ttl, within, place: shared }) {
  const kms = await start(new URL('kms.mjs', import.meta.url), {});
  const id = 'fleet';
  const directory = await mkdtemp(join(tmpdir(), 'kms-secrets-fleet-'));
  const place = shared ?? directory;
  /** @type {Asked[]} */
  const members = [];
  try {
    const address = await kms.ask({ id, does: 'open', regions: ['cn-hangzhou'], names: [name] });
    const task = { kms: address, endpoints: 1, names: [name], stores, place, options: { ttl } };
    await startMembers(members, processes, task);
    const coldRequests = await kms.ask({ id, does: 'requests' });
    const rotated = await kms.ask({ id, does: 'does', steps: [['clearRequests'], ['rotate', name]] });
    await members[0]?.ask('refresh');
    const since = await untilAllHold(members, rotated, within);
    const rotationRequests = await kms.ask({ id, does: 'requests' });
    const first = Math.min(...since);
    const spread = since.map((at) => at - first).toSorted((one, other) => one - other);
    return { processes, stores, coldRequests, rotationRequests, fresh: since.length, spread };
  } finally {
    await Promise.all(members.map((member) => member.stop()));
    await kms.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * A few at a time: a machine that starts fifty at once shows what starting costs, and nothing else.
 * @param {Asked[]} members
 * @param {number} count
 * @param {unknown} task
 */
async function startMembers(members, count, task) {
  const member = new URL('fleet-member.mjs', import.meta.url);
  const waiting = Array(count).keys();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const _ of waiting) members.push(await start(member, task));
    }),
  );
}

/**
 * Since when each process holds that version; of those that do, after `within` milliseconds at the most.
 * @param {readonly Asked[]} members
 * @param {string} versionId
 * @param {number} within
 * @returns {Promise<number[]>}
 */
async function untilAllHold(members, versionId, within) {
  const begun = performance.now();
  for (;;) {
    /** @type {{ versionId: string; since: number }[]} */
    const held = await Promise.all(members.map((member) => member.ask('which')));
    const since = held.filter((one) => one.versionId === versionId).map((one) => one.since);
    if (since.length === members.length || performance.now() - begun > within) return since;
    await sleep(50);
  }
}

/**
 * @param {readonly number[]} ascending
 * @param {number} share
 */
function quantile(ascending, share) {
  return ascending[Math.ceil(ascending.length * share) - 1] ?? Number.NaN;
}
