// @ts-check
// The random schedule of a soak. The same seed gives the same schedule, so that a failed run can be reproduced.

/** @typedef {import('../kms.mjs').Step} Step */
/** @typedef {{ kind: string; from: number; to: number }} Incident in seconds since the start */
/** @typedef {{ at: number; steps: readonly Step[] }} Action steps applied to the fake KMS, and the second at which they are */
/** @typedef {{ incidents: readonly Incident[]; rotations: readonly { at: number; name: string }[]; actions: readonly Action[] }} Schedule */

export const regions = ['cn-hangzhou', 'cn-shanghai'];
/** Never refused: no read of these may fail. */
export const names = Array.from({ length: 8 }, (_, index) => `app/secret-${index}`);
/** Refused during one kind of incident. */
export const refusable = ['app/revoked', 'app/disabled'];

const [primary = ''] = regions;

/** @type {ReadonlyMap<string, { begin: readonly Step[]; end: readonly Step[] }>} */
const kinds = new Map([
  ['KMS unavailable', { begin: regions.map(stop), end: regions.map(start) }],
  ['primary unavailable', { begin: [stop(primary)], end: [start(primary)] }],
  ['slow by 400 ms', { begin: [['fault', { kind: 'slow', ms: 400 }]], end: [['heal']] }],
  ['primary hangs', { begin: [['fault', { kind: 'hang' }, { region: primary }]], end: [['heal']] }],
  ['throttled', { begin: [['fault', { kind: 'throttle' }]], end: [['heal']] }],
  ['connections reset', { begin: [['fault', { kind: 'reset' }]], end: [['heal']] }],
  ['500 responses', { begin: [['fault', { kind: 'error', status: 500, code: 'InternalFailure' }]], end: [['heal']] }],
  [
    'two secrets refused',
    {
      begin: [
        ['deny', 'app/revoked'],
        ['disable', 'app/disabled'],
      ],
      end: [
        ['allow', 'app/revoked'],
        ['enable', 'app/disabled'],
      ],
    },
  ],
]);

export const incidentKinds = [...kinds.keys()];

/** Seconds without incidents at the start and at the end, whose states are compared. */
const quietSeconds = 5;

/**
 * One incident after the other, every kind once before any repeats, and rotations throughout.
 * @param {{ seconds: number; seed: number }} options
 * @returns {Schedule}
 */
export function soakSchedule({ seconds, seed }) {
  const random = seededRandom(seed);
  const between = (/** @type {number} */ min, /** @type {number} */ max) => min + random() * (max - min);
  const end = seconds - quietSeconds;
  /** @type {Incident[]} */
  const incidents = [];
  /** @type {string[]} */
  let remaining = [];
  for (let from = quietSeconds; ;) {
    if (remaining.length === 0) remaining = shuffled(incidentKinds, random);
    const to = from + between(2, 6);
    if (to > end) break;
    incidents.push({ kind: remaining.pop() ?? '', from, to });
    from = to + between(0.5, 2);
  }
  /** @type {{ at: number; name: string }[]} */
  const rotations = [];
  for (let at = quietSeconds; at < end; at += between(0.5, 3)) {
    rotations.push({ at, name: names[Math.floor(random() * names.length)] ?? '' });
  }
  const actions = incidents.flatMap(({ kind, from, to }) => [
    { at: from, steps: kinds.get(kind)?.begin ?? [] },
    { at: to, steps: kinds.get(kind)?.end ?? [] },
  ]);
  return { incidents, rotations, actions };
}

/**
 * Mulberry32, a generator with 32 bits of state: enough for a schedule.
 * @param {number} seed
 * @returns {() => number} from 0 to below 1
 */
function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * @param {readonly string[]} items
 * @param {() => number} random
 */
function shuffled(items, random) {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((one, other) => one.key - other.key)
    .map(({ item }) => item);
}

/**
 * @param {string} region
 * @returns {Step}
 */
function stop(region) {
  return ['stop', region];
}

/**
 * @param {string} region
 * @returns {Step}
 */
function start(region) {
  return ['start', region];
}
