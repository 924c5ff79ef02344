// @ts-check

/**
 * The same sample for the same seed, in the order of the input: a linear congruential generator (Numerical Recipes).
 * @template T
 * @param {T[]} items @param {number} count @param {number} seed
 */
export function sample(items, count, seed) {
  let state = seed;
  const keyed = items.map((item, index) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return { item, index, key: state };
  });
  const chosen = keyed.toSorted((one, other) => one.key - other.key).slice(0, count);
  return chosen.toSorted((one, other) => one.index - other.index).map(({ item }) => item);
}
