// @ts-check
// What happens in a soak, and when: drawn by a seed, so that a run that went wrong can be had again.

/** @typedef {import('../kms.mjs').Step} Step */
/** @typedef {{ kind: string; from: number; to: number }} Trouble something that was on for a while; seconds */
/** @typedef {{ at: number; steps: readonly Step[] }} Deed what is done to KMS, at which second */
/** @typedef {{ troubles: readonly Trouble[]; rotations: readonly { at: number; name: string }[]; deeds: readonly Deed[] }} Script */

export const regions = ['cn-hangzhou', 'cn-shanghai'];
/** Read without pause, and never refused: of these no read may fail. */
export const names = Array.from({ length: 8 }, (_, index) => `app/secret-${index}`);
/** Refused now and then. */
export const refusable = ['app/revoked', 'app/disabled'];

const [first = ''] = regions;

/** @type {ReadonlyMap<string, { begin: readonly Step[]; end: readonly Step[] }>} */
const kinds = new Map([
  ['KMS away', { begin: regions.map(stop), end: regions.map(start) }],
  ['first endpoint away', { begin: [stop(first)], end: [start(first)] }],
  ['slow by 400 ms', { begin: [['fault', { kind: 'slow', ms: 400 }]], end: [['heal']] }],
  ['first endpoint silent', { begin: [['fault', { kind: 'hang' }, { region: first }]], end: [['heal']] }],
  ['throttled', { begin: [['fault', { kind: 'throttle' }]], end: [['heal']] }],
  ['connections reset', { begin: [['fault', { kind: 'reset' }]], end: [['heal']] }],
  ['500', { begin: [['fault', { kind: 'error', status: 500, code: 'InternalFailure' }]], end: [['heal']] }],
  [
    'two are refused',
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

export const troubleKinds = [...kinds.keys()];

/** The beginning and the end are calm: what is in memory then is compared. */
const calm = 5;

/**
 * One trouble after the other, each kind in its turn before any comes again; rotations all the while.
 * @param {{ seconds: number; seed: number }} choice
 * @returns {Script}
 */
export function soakScript({ seconds, seed }) {
  const chance = seededChance(seed);
  const between = (/** @type {number} */ least, /** @type {number} */ most) => least + chance() * (most - least);
  const end = seconds - calm;
  /** @type {Trouble[]} */
  const troubles = [];
  /** @type {string[]} */
  let deck = [];
  for (let from = calm; ;) {
    if (deck.length === 0) deck = shuffled(troubleKinds, chance);
    const to = from + between(2, 6);
    if (to > end) break;
    troubles.push({ kind: deck.pop() ?? '', from, to });
    from = to + between(0.5, 2);
  }
  /** @type {{ at: number; name: string }[]} */
  const rotations = [];
  for (let at = calm; at < end; at += between(0.5, 3)) {
    rotations.push({ at, name: names[Math.floor(chance() * names.length)] ?? '' });
  }
  const deeds = troubles.flatMap(({ kind, from, to }) => [
    { at: from, steps: kinds.get(kind)?.begin ?? [] },
    { at: to, steps: kinds.get(kind)?.end ?? [] },
  ]);
  return { troubles, rotations, deeds };
}

/**
 * Mulberry32: 32 bits of state are plenty for a script.
 * @param {number} seed
 * @returns {() => number} from 0 to below 1
 */
function seededChance(seed) {
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
 * @param {() => number} chance
 */
function shuffled(items, chance) {
  return items
    .map((item) => ({ item, place: chance() }))
    .toSorted((one, other) => one.place - other.place)
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
