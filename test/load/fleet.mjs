// @ts-check
// Many processes that hold the same secret: how often KMS is asked, and how long it takes until what one of them knows is known
// to all.
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../support/processes.mjs';
import { openPlace } from './stores.mjs';

/** @typedef {import('../support/processes.mjs').Asked} Asked */
/** @typedef {import('./kms.mjs').Step} Step */
/** @typedef {import('./fleet-member.mjs').Held} Held */
/**
 * @typedef {object} FleetChoice
 * @property {number} processes
 * @property {string} stores a name of `storesBy`
 * @property {import('@kms-secrets/core').SecretClientOptions} options
 * @property {number} [slowdown] see `ClientTask`
 * @property {number} within milliseconds in which all must have what one has
 */
/**
 * @typedef {object} FleetFigures
 * @property {string} what
 * @property {number} requests to KMS for it
 * @property {number} storeFailures in all processes since they started: who cannot wait for the store asks KMS for itself
 * @property {number} have how many processes had it in the end
 * @property {readonly number[]} spread milliseconds from its beginning, one for each process that had it, ascending
 */
/** @typedef {Awaited<ReturnType<typeof openFleet>>} Fleet */

const name = 'app/db';
const id = 'fleet';
const atOnce = 4;
/** Of the calendar, as in all processes of a machine. */
const now = () => performance.timeOrigin + performance.now();

/** Processes that hold nothing yet. @param {FleetChoice} choice */
async function openFleet({ processes, stores, options, within, slowdown }) {
  const kms = await start(new URL('kms.mjs', import.meta.url), {});
  const { place, redis, close } = await openPlace(stores);
  /** @type {Asked[]} */
  const members = [];
  const address = await kms.ask({ id, does: 'open', regions: ['cn-hangzhou'], names: [name] });
  await startMembers(members, processes, {
    kms: address,
    endpoints: 1,
    names: [name],
    stores,
    place,
    options,
    slowdown,
  });
  return {
    members,
    redis,
    within,
    /** What the last of the steps returned. @param {readonly Step[]} steps */
    kms: (...steps) => kms.ask({ id, does: 'does', steps }),
    /** @returns {Promise<number>} */
    requests: () => kms.ask({ id, does: 'requests' }),
    async close() {
      await Promise.all(members.map((member) => member.stop()));
      await kms.stop();
      await close();
    },
  };
}

/**
 * @template Result
 * @param {FleetChoice} choice
 * @param {(fleet: Fleet) => Promise<Result>} play
 */
export async function withFleet(choice, play) {
  const fleet = await openFleet(choice);
  try {
    return await play(fleet);
  } finally {
    await fleet.close();
  }
}

/** All of them read for the first time, at the same moment. @param {Fleet} fleet @returns {Promise<FleetFigures>} */
export async function startCold(fleet) {
  await fleet.kms(['clearRequests']);
  const begun = now();
  await Promise.all(fleet.members.map((member) => member.ask({ does: 'read' })));
  return figuresOf(fleet, { what: 'all start cold', begun, held: await whatTheyHold(fleet) });
}

/** One asks KMS after a rotation. @param {Fleet} fleet @returns {Promise<FleetFigures>} */
export async function rotate(fleet) {
  const rotated = await fleet.kms(['clearRequests'], ['rotate', name]);
  await fleet.members[0]?.ask({ does: 'refresh' });
  const held = await untilAllHold(fleet, rotated);
  // The event is the moment from which the first one has it.
  return figuresOf(fleet, {
    what: 'a rotation that one sees',
    begun: Math.min(...held.map(({ since }) => since)),
    held,
  });
}

/**
 * The one whose turn it is to ask KMS is killed while it waits for the answer, and all others wait for it.
 * @param {Fleet} fleet none of which has read yet
 * @returns {Promise<FleetFigures>}
 */
export async function killHolder(fleet) {
  const [holder, ...others] = fleet.members;
  await fleet.kms(['clearRequests'], ['fault', { kind: 'hang' }, { times: 1 }]);
  holder?.ask({ does: 'read' }).catch(() => {});
  while ((await fleet.requests()) === 0) await sleep(5);
  const reading = Promise.all(others.map((member) => member.ask({ does: 'read' })));
  const begun = now();
  await holder?.kill();
  await reading;
  const rest = { ...fleet, members: others };
  const held = await whatTheyHold(rest);
  return figuresOf(rest, { what: 'who asks KMS is killed', begun, held });
}

/**
 * All are read without pause while Redis is killed, the secret rotated, Redis started again, and the secret rotated once more.
 * @param {Fleet} fleet each of which holds the secret
 * @param {number} rate reads a second of each process
 */
export async function killRedis(fleet, rate) {
  await fleet.kms(['clearRequests']);
  await Promise.all(fleet.members.map((member) => member.ask({ does: 'begin', rate })));
  await fleet.redis?.kill();
  const begun = now();
  const alone = await fleet.kms(['rotate', name]);
  const held = await untilAllHold(fleet, alone);
  const figures = await figuresOf(fleet, { what: 'a rotation without Redis', begun, held });
  await fleet.redis?.start();
  const healed = await rotate(fleet);
  /** @type {import('./paced-reads.mjs').ReadCounts[]} */
  const counts = await Promise.all(fleet.members.map((member) => member.ask({ does: 'stop' })));
  const reads = counts.reduce((sum, count) => sum + count.reads, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  return { reads, failed, figures, healed: { ...healed, what: 'a rotation with Redis back' } };
}

/**
 * @param {Fleet} fleet
 * @param {{ what: string; begun: number; held: readonly Held[] }} seen
 */
async function figuresOf(fleet, { what, begun, held }) {
  const spread = held.map(({ since }) => since - begun).toSorted((one, other) => one - other);
  /** @type {number[]} */
  const failures = await Promise.all(fleet.members.map((member) => member.ask({ does: 'storeFailures' })));
  const storeFailures = failures.reduce((sum, count) => sum + count, 0);
  return { what, requests: await fleet.requests(), storeFailures, have: held.length, spread };
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

/** @param {Pick<Fleet, 'members'>} fleet @returns {Promise<Held[]>} */
async function whatTheyHold({ members }) {
  const held = await Promise.all(members.map((member) => member.ask({ does: 'which' })));
  return held.filter((one) => one !== undefined);
}

/**
 * What those hold that have this version, when all do or the time is up.
 * @param {Fleet} fleet
 * @param {string} versionId
 */
async function untilAllHold(fleet, versionId) {
  const begun = performance.now();
  for (;;) {
    const held = (await whatTheyHold(fleet)).filter((one) => one.versionId === versionId);
    if (held.length === fleet.members.length || performance.now() - begun > fleet.within) return held;
    await sleep(50);
  }
}
